"""nginx in front, with TLS and the configuration of `conf/proxies`: a person consents and a
service fetches a token through it."""

import socket
from contextlib import contextmanager

import requests

from scene import PERSON, consent, free_port

NAME = "tokens.example.com"
MAIN = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def judge(scene):
    certificate(scene)
    ports = {80: free_port(), 443: free_port()}
    with scene.emulator() as provider:
        settings = {
            "provider.apiBase": provider,
            "oauth.redirectURIUnencoded": f"https://{NAME}/auth/spark/callback",
            "server.trustedProxies": ["127.0.0.1"],
        }
        with scene.server(settings) as server, nginx(scene, ports, server.base):
            with resolved(ports):
                use(scene, server)


def use(scene, server):
    trust = str(scene.folder / "tls.pem")
    public = f"https://{NAME}"
    plain = requests.get(f"http://{NAME}/?x=1", timeout=30, allow_redirects=False)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"{public}/?x=1")
    page = requests.get(f"{public}/", timeout=30, verify=trust, allow_redirects=False)
    assert page.status_code == 200, page.headers
    assert "Strict-Transport-Security" in page.headers, page.headers
    # An environment that names a bundle of certificates would win over `verify`.
    browser = consent(public, verify=trust, trust_env=False)
    cookies = list(browser.cookies)
    ours = [cookie for cookie in cookies if cookie.domain == NAME]
    assert ours and all(cookie.secure for cookie in ours), cookies
    assert all(cookie.name.startswith("__Host-") for cookie in ours), cookies
    key = scene.make_key(server.config)
    answer = requests.get(
        f"{public}/api/v1/people/{PERSON}/access-token",
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
        verify=trust,
    )
    assert answer.status_code == 200 and answer.json()["access_token"], answer.text
    log = (scene.folder / "access.log").read_text()
    assert "/auth/spark/callback" in log and "code=" not in log, log


def certificate(scene):
    scene.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
        + ["-keyout", scene.folder / "tls.key", "-out", scene.folder / "tls.pem"]
    )


@contextmanager
def nginx(scene, ports, upstream):
    """nginx with the repository's site, of which only places of this machine are changed."""
    folder = scene.folder
    site = (scene.repository / "conf" / "proxies" / "nginx.conf").read_text()
    for here, there in [
        ("listen 80;", f"listen 127.0.0.1:{ports[80]};"),
        ("listen [::]:80;", ""),
        ("listen 443 ssl;", f"listen 127.0.0.1:{ports[443]} ssl;"),
        ("listen [::]:443 ssl;", ""),
        (f"/etc/ssl/certs/{NAME}.pem", f"{folder}/tls.pem"),
        (f"/etc/ssl/private/{NAME}.key", f"{folder}/tls.key"),
        ("/var/log/nginx/spark-oauth.log", f"{folder}/access.log"),
        ("http://127.0.0.1:3000", upstream),
    ]:
        assert here in site, f"conf/proxies/nginx.conf has no {here}"
        site = site.replace(here, there)
    (folder / "site.conf").write_text(site)
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder))
    scene.run(["nginx", "-t", "-c", main])
    process = scene.start(["nginx", "-c", str(main)])
    try:
        scene.until_it_listens(ports[443])
        yield
    finally:
        scene.stop(process)


@contextmanager
def resolved(ports):
    """The name leads to this machine, and its usual ports to free ones."""
    usual = socket.getaddrinfo

    def here(host, port, *more, **named):
        if host == NAME:
            host, port = "127.0.0.1", ports[port]
        return usual(host, port, *more, **named)

    socket.getaddrinfo = here
    try:
        yield
    finally:
        socket.getaddrinfo = usual
