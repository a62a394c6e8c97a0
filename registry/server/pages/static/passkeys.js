// Passkeys. The browser asks its person for a key; its answer goes into the form, which is then sent as any other.
"use strict";

const showMessage = (form, reason) => {
  for (const message of form.querySelectorAll("[data-when]")) message.hidden = message.dataset.when !== reason;
};

const fetchOptions = async (form) => {
  const body = new URLSearchParams({ csrf: form.elements.csrf.value });
  const answer = await fetch(form.dataset.options, { method: "POST", body });
  if (!answer.ok) throw new Error(`the node answered ${answer.status}`);
  return answer.json();
};

const askForKey = async (form) => {
  const options = await fetchOptions(form);
  if (form.dataset.passkey === "register") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
};

const send = async (form) => {
  showMessage(form, "waiting");
  try {
    const key = await askForKey(form);
    form.elements.credential.value = JSON.stringify(key.toJSON());
    form.submit();
  } catch (error) {
    showMessage(form, error.name === "InvalidStateError" ? "known" : "failed");
  }
};

const isSupported = Boolean(globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON);
for (const form of document.querySelectorAll("form[data-passkey]")) {
  showMessage(form, isSupported ? "" : "unsupported");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isSupported) send(form);
  });
}
