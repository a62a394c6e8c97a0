"""In which order requests begin to be answered."""

from collections import deque

from registry.http.start_queue import StartQueue


def rounds(asked):
    """What begins in each round of a loop, where all requests are there from the first on."""
    calls, begun = deque(), []
    starts = StartQueue(calls.append)
    for client, request in asked:
        starts.add(client, lambda request=request: begun.append(request))
    found = []
    while calls:
        for _ in range(len(calls)):
            calls.popleft()()
        found.append(list(begun))
        begun.clear()
    return found


def test_one_request_begins_in_a_round_of_the_loop():
    assert rounds([("a", number) for number in range(4)]) == [[0], [1], [2], [3]]


def test_a_client_with_one_request_does_not_wait_for_all_of_one_with_many():
    asked = [("greedy", f"greedy {number}") for number in range(1000)] + [("other", "other")]
    assert rounds(asked).index(["other"]) <= 1


def test_clients_take_turns_and_each_ones_requests_keep_their_order():
    asked = [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1"), ("b", "b2")]
    assert [one for begun in rounds(asked) for one in begun] == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_request_that_comes_when_none_waits_begins_in_the_next_round():
    calls, begun = deque(), []
    starts = StartQueue(calls.append)
    for name in ("first", "second"):
        starts.add("a", lambda name=name: begun.append(name))
        calls.popleft()()
        assert not calls
    assert begun == ["first", "second"]


def test_a_start_that_fails_keeps_no_other_from_its_turn():
    calls, begun = deque(), []
    starts = StartQueue(calls.append)
    starts.add("a", lambda: 1 // 0)
    starts.add("b", lambda: begun.append("b"))
    for _ in range(2):
        try:
            calls.popleft()()
        except ZeroDivisionError:
            begun.append("failed")
    assert begun == ["failed", "b"]
