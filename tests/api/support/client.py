# SPDX-License-Identifier: MIT
"""The HTTP client of the tests. Every answer it hands out has passed the linter."""

import threading
import urllib.parse

import requests

from support import facts, linter, secrets
from support.process import SLOW
from support.waiting import eventually


class Client:
    """Talks to one listener with one API key; any thread may use it."""

    def __init__(self, url, key=secrets.API_KEY, admin=False):
        self.url = url
        self.key = key
        self.admin = admin
        self._local = threading.local()

    def with_key(self, key):
        return Client(self.url, key)

    def request(self, method, path, headers=None, timeout=40, **kwargs):
        headers = dict(headers or {})
        if self.key and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.key}"
        answer = self._session().request(
            method,
            self.url + path,
            headers={k: v for k, v in headers.items() if v is not None},
            timeout=timeout * SLOW,
            allow_redirects=False,
            **kwargs,
        )
        linter.lint(answer, method, path, self.admin)
        return answer

    def _session(self):
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
        return self._local.session

    # The resources, as a caller of the API names them

    def create(self, number, headers=None, query="", **fields):
        """POST with the smallest useful body: both directions, one agent."""
        body = {"phone_number": number, "agent_id": facts.AGENT, **fields}
        body = {k: v for k, v in body.items() if v is not ...}
        return self.request("POST", facts.NUMBERS + query, headers, json=body)

    def get(self, ref, headers=None):
        return self.request("GET", path_of(ref), headers)

    def patch(self, ref, headers=None, **changes):
        return self.request(
            "PATCH",
            path_of(ref),
            {"Content-Type": "application/merge-patch+json", **(headers or {})},
            json=changes,
        )

    def delete(self, ref, headers=None):
        return self.request("DELETE", path_of(ref), headers)

    def force_delete(self, ref, headers=None):
        return self.request("DELETE", path_of(ref) + "/force", headers)

    def list(self, **filters):
        return self.request("GET", facts.NUMBERS + _query(filters))

    def operation(self, ref):
        return self.request("GET", f"{facts.OPERATIONS}/{ref}")

    def operations(self, **filters):
        return self.request("GET", facts.OPERATIONS + _query(filters))

    # The same with the outcome that most tests need

    def created(self, number, **fields):
        answer = self.create(number, **fields)
        assert answer.status_code == 201, f"create: {answer.status_code} {answer.text}"
        return answer.json()

    def deleted(self, ref):
        answer = self.delete(ref)
        assert answer.status_code == 200, f"delete: {answer.status_code} {answer.text}"
        return answer.json()

    def numbers(self):
        """All of them, over all pages."""
        page = self.list(limit=200).json()
        items = page["items"]
        while page["next_cursor"]:
            page = self.list(limit=200, cursor=page["next_cursor"]).json()
            items += page["items"]
        return items

    def ended(self, operation_id, within=15):
        """The operation once it has come to its end."""

        def look():
            operation = self.operation(operation_id).json()
            return operation if operation["state"] in ENDED else None

        return eventually(look, f"operation {operation_id} ends", within)

    def all_ended(self, within=15):
        """Waits until nothing is under way."""

        def look():
            return not any(
                self.operations(state=state).json()["items"] for state in ("running", "undoing")
            )

        eventually(look, "all operations end", within)


ENDED = ("succeeded", "failed", "stuck")


def path_of(ref):
    return f"{facts.NUMBERS}/{urllib.parse.quote(ref, safe='')}"


def _query(filters):
    """A blank is %20: a plus is a plus here, since numbers begin with one."""
    given = {k: v for k, v in filters.items() if v is not None}
    return "?" + urllib.parse.urlencode(given, quote_via=urllib.parse.quote) if given else ""


def at_once(jobs, within=55.0):
    """Runs all jobs at the same time; their results, in order."""
    results = [None] * len(jobs)
    gate = threading.Barrier(len(jobs))

    def work(i, job):
        try:
            gate.wait(30)
            results[i] = job()
        except BaseException as problem:  # handed to the test below
            results[i] = problem

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(within * SLOW)
        assert not thread.is_alive(), "a request never ended"
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def in_background(job):
    """Starts a job; calling what this returns waits for its result."""
    box = []

    def work():
        try:
            box.append((job(), None))
        except BaseException as problem:  # handed to the caller below
            box.append((None, problem))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def result():
        thread.join(55 * SLOW)
        assert not thread.is_alive(), "a request never ended"
        value, problem = box[0]
        if problem:
            raise problem
        return value

    return result
