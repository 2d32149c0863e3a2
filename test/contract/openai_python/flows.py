"""Runs the official Python client through every flow and prints, a line each, how it went and how it should have.

OPENAI_BASE_URL and OPENAI_API_KEY say where; MOCK_WORKER_URL is the worker itself, asked what it is doing.
"""

import asyncio
import json
import os
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import openai

MODEL = "mock-worker"
MESSAGES = [{"role": "user", "content": "hello there"}]
CHAT = {"model": MODEL, "messages": MESSAGES}
ANSWER = "mock response: hello there"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 3}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER = {"city": "mock", "days": 3}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
FLOWS = []


def flow(expected):
    """Adds a function to the flows, with how it should go."""

    def add(function):
        FLOWS.append((function, expected))
        return function

    return add


def options(faults=None, retries=0, timeout=None):
    given = {"max_retries": retries}
    if faults is not None:
        given["default_headers"] = {"x-mock-fault": faults}
    if timeout is not None:
        given["timeout"] = timeout
    return given


def client(**given):
    return openai.OpenAI(**options(**given))


def text_of(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def refusal_of(call):
    """The class of the error of a call and, where there was an answer, what it says."""
    try:
        call()
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code, error.param]
    except openai.APIError as error:
        return [type(error).__name__]
    return "no error"


def becomes_idle():
    """Whether the worker comes to an end with everything; a minute is for a busy machine."""
    for _ in range(1200):
        if active() == 0:
            return True
        time.sleep(0.05)
    return False


def active():
    with urllib.request.urlopen(os.environ["MOCK_WORKER_URL"] + "/mock/stats", timeout=10) as answer:
        return json.load(answer)["active"]


@flow({"text": ANSWER, "finish": "stop", "tokens": [2, 4, 6]})
def plain_chat():
    answer = client().chat.completions.create(**CHAT)
    usage = answer.usage
    return {
        "text": answer.choices[0].message.content,
        "finish": answer.choices[0].finish_reason,
        "tokens": [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens],
    }


@flow({"text": ANSWER, "chunks": 6, "usage": False})
def streamed_chat():
    chunks = list(client().chat.completions.create(**CHAT, stream=True))
    usage = any("usage" in chunk.model_fields_set for chunk in chunks)
    return {"text": text_of(chunks), "chunks": len(chunks), "usage": usage}


@flow({"text": ANSWER, "before": [None] * 6, "total": 6})
def streamed_chat_with_usage():
    chunks = list(client().chat.completions.create(**CHAT, stream=True, stream_options={"include_usage": True}))
    before = [chunk.usage for chunk in chunks[:-1]]
    return {"text": text_of(chunks), "before": before, "total": chunks[-1].usage.total_tokens}


@flow({"finish": "tool_calls", "name": "weather", "arguments": WEATHER})
def tool_call():
    choice = client().chat.completions.create(**CHAT, tools=[TOOL]).choices[0]
    function = choice.message.tool_calls[0].function
    return {"finish": choice.finish_reason, "name": function.name, "arguments": json.loads(function.arguments)}


@flow({"name": "weather", "arguments": WEATHER})
def streamed_tool_call():
    with client().chat.completions.stream(**CHAT, tools=[TOOL]) as stream:
        function = stream.get_final_completion().choices[0].message.tool_calls[0].function
    return {"name": function.name, "arguments": json.loads(function.arguments)}


@flow(WEATHER)
def structured_output():
    form = {"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": SCHEMA}}
    answer = client().chat.completions.create(**CHAT, response_format=form)
    return json.loads(answer.choices[0].message.content)


@flow({"list": [MODEL], "one": MODEL})
def models():
    return {"list": [model.id for model in client().models.list()], "one": client().models.retrieve(MODEL).id}


@flow({"plain": ANSWER, "streamed": ANSWER})
def completion():
    prompt = {"model": MODEL, "prompt": "hello there"}
    plain = client().completions.create(**prompt).choices[0].text
    chunks = client().completions.create(**prompt, stream=True)
    return {"plain": plain, "streamed": "".join(chunk.choices[0].text for chunk in chunks)}


@flow({"lengths": [8, 8], "same": True, "total": 2})
def embeddings():
    given = {"model": MODEL, "input": ["one", "two"], "dimensions": 8}
    decoded = client().embeddings.create(**given)
    floats = client().embeddings.create(**given, encoding_format="float")
    same = all(
        abs(a - b) < 1e-6
        for one, two in zip(decoded.data, floats.data, strict=True)
        for a, b in zip(one.embedding, two.embedding, strict=True)
    )
    return {"lengths": [len(one.embedding) for one in floats.data], "same": same, "total": floats.usage.total_tokens}


@flow({"text": ANSWER, "streamed": ANSWER, "in_order": True, "last": "response.completed"})
def response():
    given = {"model": MODEL, "input": "hello there"}
    events = list(client().responses.create(**given, stream=True))
    return {
        "text": client().responses.create(**given).output_text,
        "streamed": "".join(event.delta for event in events if event.type == "response.output_text.delta"),
        "in_order": [event.sequence_number for event in events] == list(range(len(events))),
        "last": events[-1].type,
    }


@flow([{"index": 1, "relevance_score": 1}])
def rerank():
    body = {"model": MODEL, "query": "blue sky", "documents": ["green grass", "the sky is blue"], "top_n": 1}
    return client().post("/rerank", cast_to=object, body=body)["results"]


@flow(["BadRequestError", 400, None, "messages"])
def bad_request():
    return refusal_of(lambda: client(retries=2).chat.completions.create(model=MODEL, messages=[]))


@flow(
    [
        ["NotFoundError", 404, "mock_failure", None],
        ["UnprocessableEntityError", 422, "mock_failure", None],
        ["InternalServerError", 500, "mock_failure", None],
    ]
)
def refusals():
    def refused(status):
        return refusal_of(lambda: client(faults=f"status={status}").chat.completions.create(**CHAT))

    return [refused(status) for status in (404, 422, 500)]


@flow(["RateLimitError", 429, "mock_failure", None])
def rate_limit():
    return refusal_of(lambda: client(faults="status=429").chat.completions.create(**CHAT))


@flow(ANSWER)
def retry_that_helps():
    faults = f"status=503;times=1;id={uuid.uuid4()}"
    return client(faults=faults, retries=2).chat.completions.create(**CHAT).choices[0].message.content


@flow({"text": ANSWER, "waited": True})
def retry_after():
    faults = f"status=429;retry-after=1;times=1;id={uuid.uuid4()}"
    started = time.monotonic()
    answer = client(faults=faults, retries=1).chat.completions.create(**CHAT)
    # The client's own first pause is at most half a second.
    return {"text": answer.choices[0].message.content, "waited": time.monotonic() - started >= 0.9}


@flow({"refusal": ["APITimeoutError"], "idle": True})
def timeout():
    impatient = client(faults="first-byte-delay=3600000", timeout=0.3)
    return {"refusal": refusal_of(lambda: impatient.chat.completions.create(**CHAT)), "idle": becomes_idle()}


@flow(["error-event", "error-event-at=3", "cut=2", "malformed=3"])
def broken_streams():
    """Those that the client notices."""

    def throws(faults):
        try:
            list(client(faults=faults).chat.completions.create(**CHAT, stream=True))
        except Exception:  # noqa: BLE001 -- the client has a class of its own for each of them
            return True
        return False

    return [faults for faults in ("error-event", "error-event-at=3", "cut=2", "malformed=3") if throws(faults)]


@flow(True)
def broken_response_stream():
    try:
        list(client(faults="cut=2").responses.create(model=MODEL, input="hello", stream=True))
    except Exception:  # noqa: BLE001 -- a connection that breaks and an error event differ in their class
        return True
    return False


@flow(True)
def abort_of_a_stream():
    stream = client(faults="tokens=1000000;token-delay=1").chat.completions.create(**CHAT, stream=True)
    for _ in zip(range(3), stream):
        pass
    stream.close()
    return becomes_idle()


@flow({"cancelled": True, "idle": True})
def abort_of_a_plain_chat():
    async def leave():
        async with openai.AsyncOpenAI(**options(faults="first-byte-delay=3600000")) as patient:
            call = asyncio.ensure_future(patient.chat.completions.create(**CHAT))
            while active() == 0:
                await asyncio.sleep(0.05)
            call.cancel()
            return isinstance((await asyncio.gather(call, return_exceptions=True))[0], asyncio.CancelledError)

    return {"cancelled": asyncio.run(leave()), "idle": becomes_idle()}


@flow({"words": 20000, "last": "word19999", "usage": 20000})
def long_stream():
    given = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client(faults="tokens=20000").chat.completions.create(**given))
    words = text_of(chunks).split(" ")
    return {"words": len(words), "last": words[-1], "usage": chunks[-1].usage.completion_tokens}


@flow(20)
def concurrency():
    shared = client(faults="token-delay=1")
    together = threading.Barrier(20)

    def say(number):
        together.wait()
        asked = {"model": MODEL, "messages": [{"role": "user", "content": f"number {number}"}]}
        if number % 2 == 0:
            text = shared.chat.completions.create(**asked).choices[0].message.content
        else:
            text = text_of(list(shared.chat.completions.create(**asked, stream=True)))
        return text == f"mock response: number {number}"

    with ThreadPoolExecutor(20) as pool:
        return sum(pool.map(say, range(20)))


@flow(["split=7", "split-utf8", "crlf", "gzip", "huge-event=300000", "slow-drip=0"])
def unusual_bytes():
    def whole(faults):
        return ANSWER in text_of(list(client(faults=faults).chat.completions.create(**CHAT, stream=True)))

    kinds = ("split=7", "split-utf8", "crlf", "gzip", "huge-event=300000", "slow-drip=0")
    return [faults for faults in kinds if whole(faults)]


def main():
    for function, expected in FLOWS:
        try:
            verdict = function()
        except Exception as error:  # noqa: BLE001 -- one flow that fails must not hide the others
            verdict = f"{type(error).__name__}: {error}"
        print(json.dumps({"name": function.__name__, "verdict": verdict, "expected": expected}), flush=True)


main()
