"""Keycloak 26.0.7 with the realm of docs/identity.md, on free ports, in a folder of its own."""
import json
import os
import secrets
import shutil
import time

from support import CACHE, Background, free_port, rsa_key, wait_for_port

HOME = CACHE / "keycloak"


class Keycloak(Background):
    scope = ""   # the client scope of the realm's clients gives the audience by itself

    def __init__(self, folder, authority):
        home = folder / "keycloak"
        shutil.copytree(HOME, home, symlinks=True)
        self.secrets = {name: secrets.token_hex(20) for name in ("reader", "writer")}
        self.signer_key = folder / "signer.pem"
        jwk = rsa_key(self.signer_key)
        realm = (os.path.dirname(__file__) or ".") + "/realm.json"
        with open(realm, encoding="utf-8") as file:
            text = file.read()
        for name, value in self.secrets.items():
            text = text.replace(f"@{name.upper()}_SECRET@", value)
        text = text.replace("@SIGNER_JWKS@", json.dumps({"keys": [jwk]}).replace('"', '\\"'))
        imports = home / "data/import"
        imports.mkdir(parents=True)
        (imports / "realm.json").write_text(text)
        port = free_port()
        self.issuer = f"https://localhost:{port}/realms/acme"
        environment = {**os.environ, "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m", "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1"}
        super().__init__([home / "bin/kc.sh", "start-dev", "--import-realm", f"--https-port={port}", f"--hostname=https://localhost:{port}",
                          "--http-enabled=false", f"--https-certificate-file={authority.certificate}",
                          f"--https-certificate-key-file={authority.key}", "--http-host=127.0.0.1", "--cache=local"],
                         folder, "keycloak", environment)
        wait_for_port(f"127.0.0.1:{port}", self.process, seconds=400, log=self.log)
        for _ in range(200):
            status, _ = authority.fetch(self.issuer + "/.well-known/openid-configuration")
            if status == 200:
                return
            time.sleep(1)
        raise RuntimeError("Keycloak answers, but has no realm: " + self.log.read_text()[-3000:])

    @staticmethod
    def roles():
        """Assigned to groups of the realm, as its tokens name them."""
        return [["--role", "reader", "--group", "storage-readers"], ["--role", "contributor", "--group", "storage-writers"]]
