"""Pages in a browser. A package, so that the browser and its event loop end with its tests."""
