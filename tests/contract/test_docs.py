"""The contract as a file and as a page, and the pages that explain refusals."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service.domain.errors import PROBLEMS
from otp_service.web import docs, problem_pages, problems, requests
from tests.browser import chromium
from tests.contract.spec import PATH, validate_response
from tests.servers import at_work

PATIENCE_MS = 60_000  # also where no other test has told Playwright to wait longer than it does by itself


class Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def pages() -> Flask:
    """The documents of the service, without the rest of it."""
    app = Flask(__name__, static_folder=None)
    requests.install(app)
    problems.install(app)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(problem_pages.blueprint)
    return app


@pytest.fixture
def client(pages: Flask) -> FlaskClient:
    """A caller without a key."""
    return pages.test_client()


@pytest.fixture
def url(pages: Flask) -> Iterator[str]:
    """Where the documents are served."""
    server = make_server("127.0.0.1", 0, pages, threaded=True, request_handler=Silent)
    with at_work(server):
        yield f"http://127.0.0.1:{server.server_port}"


def test_the_contract_is_served_as_it_is_kept(client):
    """/openapi.yaml is openapi.yaml, byte by byte."""
    answer = client.get("/openapi.yaml")
    assert answer.data == PATH.read_bytes()
    assert answer.mimetype == "application/yaml"


@pytest.mark.parametrize("path", ["/openapi.yaml", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/icon.svg"])
def test_the_documents_keep_the_contract(client, path):
    """The documents answer as the contract says of them."""
    answer = client.get(path)
    assert answer.status_code == 200
    validate_response("GET", path, answer.status_code, answer.headers, answer.data)


def test_the_page_has_no_other_file(client):
    """What is no file of the docs page is 404, whatever the path tries."""
    for path in ("/docs/other.js", "/docs/..%2F..%2Fdocs.py", "/docs/%2e%2e/docs.py"):
        assert client.get(path).status_code == 404


def test_only_the_services_own_scripts_run(client):
    """The docs page may load nothing from elsewhere and run no inline script."""
    answer = client.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert re.findall(r"<script(?! src=)|https?://|\bon\w+=", answer.text) == []


def test_the_page_shows_the_contract_offline(url):
    """In a browser the docs page shows the operations, asks no other host and breaks no rule of its policy."""
    asked: list[str] = []
    complaints: list[str] = []
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{url}/docs")
        operation = page.locator("#operations-Verifications-startVerification")
        expect(operation).to_be_visible(timeout=PATIENCE_MS)
        operation.click()
        expect(operation.get_by_text("A login in German").first).to_be_attached(timeout=PATIENCE_MS)
        operation.get_by_role("button", name="Try it out").click()
        expect(operation.get_by_role("button", name="Execute")).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_text("An API key, made by").first).to_be_visible(timeout=PATIENCE_MS)
    assert [address for address in asked if not address.startswith((url, "data:"))] == []
    assert complaints == []


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_refusal_is_explained(client, code):
    """Where the type of a problem leads, a page says what it means and what to do."""
    answer = client.get(f"/problems/{code}")
    validate_response("GET", f"/problems/{code}", answer.status_code, answer.headers, answer.data)
    assert f"<h1>{PROBLEMS[code][1]}</h1>".replace("'", "&#x27;") in answer.text
    assert "What to do" in answer.text


def test_the_index_leads_to_every_refusal(client):
    """/problems lists every code with a link to its page."""
    links = re.findall(r'href="problems/(\w+)"', client.get("/problems").text)
    assert links == list(PROBLEMS)


def test_no_more_is_explained_than_there_is():
    """There is advice for every code of the service, and for no other."""
    assert set(problem_pages.ADVICE) == set(PROBLEMS)


def test_an_unknown_code_is_a_problem_itself(client):
    """A problem page that does not exist is answered with the problem not_found."""
    answer = client.get("/problems/no_such_code")
    assert answer.status_code == 404
    validate_response("GET", "/problems/no_such_code", answer.status_code, answer.headers, answer.data)


def test_an_installed_package_carries_the_contract(tmp_path):
    """A package that has openapi.yaml beside its modules, as the wheel does, serves that one."""
    root = Path(docs.__file__).parents[1]
    shutil.copytree(root, tmp_path / "otp_service", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "otp_service" / "openapi.yaml").write_text("openapi: 3.1.1 # carried")
    program = "from otp_service.web import docs; print(docs.contract_bytes().decode())"
    served = subprocess.check_output([sys.executable, "-c", program], cwd=tmp_path, text=True)
    assert served.strip() == "openapi: 3.1.1 # carried"
