"""LemonLDAP::NG of Debian with the relying parties of docs/identity.md: its FastCGI server and nginx, on free ports, in a
folder of its own. Nothing of the machine's own configuration is read or changed."""
import json
import os
import pathlib
import pwd
import secrets
import shutil
import time

from support import RESOURCE, Background, free_port, run, wait_for_port

INI = """[all]
logLevel = warn
logger = Lemonldap::NG::Common::Logger::Std
userLogger = Lemonldap::NG::Common::Logger::Std
checkTime = 1
[configuration]
type = File
dirName = {folder}/conf
localStorage = Cache::FileCache
localStorageOptions = {{ 'namespace' => 'conf', 'default_expires_in' => 600, 'directory_umask' => '007', 'cache_root' => '{folder}/cache', 'cache_depth' => 3 }}
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
[handler]
status = 0
"""

NGINX = """{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx; proxy_temp_path {folder}/nginx; fastcgi_temp_path {folder}/nginx;
  uwsgi_temp_path {folder}/nginx; scgi_temp_path {folder}/nginx;
  server {{
    listen 127.0.0.1:{port} ssl;
    server_name localhost;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    root /usr/share/lemonldap-ng/portal/htdocs/;
    if ($uri !~ ^/((static|javascript|favicon).*|.*\\.psgi)) {{ rewrite ^/(.*)$ /index.psgi/$1 break; }}
    location ~ ^(?<sc>/.*\\.psgi)(?:$|/) {{
      include /etc/nginx/fastcgi_params;
      fastcgi_pass unix:{folder}/run/llng.sock;
      fastcgi_param HTTP_HOST $http_host;
      fastcgi_param LLTYPE psgi;
      fastcgi_param SCRIPT_FILENAME $document_root$sc;
      fastcgi_split_path_info ^(.*\\.psgi)(/.*)$;
      fastcgi_param PATH_INFO $fastcgi_path_info;
    }}
  }}
}}
"""


def relying_party(name, secret):
    lead = "oidcRPMetaDataOptions"
    return {lead + "ClientID": name, lead + "ClientSecret": secret, lead + "DisplayName": name, lead + "Public": 0,
            lead + "AllowClientCredentialsGrant": 1, lead + "AccessTokenJWT": 1, lead + "AccessTokenSignAlg": "RS256",
            lead + "AccessTokenExpiration": 600, lead + "AdditionalAudiences": RESOURCE, lead + "IDTokenSignAlg": "RS256",
            lead + "BypassConsent": 1}


class LemonLdap:
    scope = "openid"   # it gives no token without one

    def __init__(self, folder, authority):
        home = folder / "lemonldap"
        for part in ("conf", "cache", "sessions/lock", "psessions/lock", "run", "nginx"):
            (home / part).mkdir(parents=True)
        port = free_port()
        self.issuer = f"https://localhost:{port}"
        self.secrets = {name: secrets.token_hex(20) for name in ("reader", "writer")}
        key, public = home / "oidc.pem", home / "oidc.pub"
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
        run("openssl", "rsa", "-in", key, "-pubout", "-out", public)
        conf = json.loads(pathlib.Path("/var/lib/lemonldap-ng/conf/lmConf-1.json").read_text(encoding="utf-8")) if os.access(
            "/var/lib/lemonldap-ng/conf/lmConf-1.json", os.R_OK) else {}
        conf.update({
            "cfgNum": "1", "portal": f"{self.issuer}/", "domain": "localhost", "securedCookie": 1, "key": secrets.token_hex(16),
            "captcha_register_enabled": 0, "captcha_mail_enabled": 0, "captcha_login_enabled": 0,
            "authentication": "Demo", "userDB": "Same", "passwordDB": "Null", "registerDB": "Null",
            "globalStorage": "Apache::Session::File",
            "globalStorageOptions": {"Directory": f"{home}/sessions", "LockDirectory": f"{home}/sessions/lock",
                                     "generateModule": "Lemonldap::NG::Common::Apache::Session::Generate::SHA256"},
            "persistentStorage": "Apache::Session::File",
            "persistentStorageOptions": {"Directory": f"{home}/psessions", "LockDirectory": f"{home}/psessions/lock"},
            "localSessionStorageOptions": {"cache_root": f"{home}/cache", "cache_depth": 3, "namespace": "sessions",
                                           "default_expires_in": 600, "directory_umask": "007"},
            "issuerDBOpenIDConnectActivation": 1, "issuerDBOpenIDConnectPath": "^/oauth2/",
            "oidcServicePrivateKeySig": key.read_text(), "oidcServicePublicKeySig": public.read_text(),
            "oidcServiceKeyIdSig": "key-1", "oidcServiceMetaDataIssuer": self.issuer,
            "oidcRPMetaDataOptions": {name: relying_party(name, secret) for name, secret in self.secrets.items()},
            "oidcRPMetaDataExportedVars": {name: {} for name in self.secrets},
        })
        (home / "conf/lmConf-1.json").write_text(json.dumps(conf))
        (home / "lemonldap-ng.ini").write_text(INI.format(folder=home))
        as_root = os.geteuid() == 0
        (home / "nginx.conf").write_text(NGINX.format(folder=home, port=port, certificate=authority.certificate, key=authority.key,
                                                      user="user root;" if as_root else ""))
        who = []
        if as_root:   # its server refuses to be root
            who = ["-u", "www-data", "-g", "www-data"]
            owner = pwd.getpwnam("www-data")
            for path in [home, *home.rglob("*")]:
                os.chown(path, owner.pw_uid, owner.pw_gid)
            folder.chmod(0o711)
        environment = {**os.environ, "LLNG_DEFAULTCONFFILE": f"{home}/lemonldap-ng.ini",
                       "LLNG_DEFAULTLOGGER": "Lemonldap::NG::Common::Logger::Std"}
        self.parts = [Background(["/usr/sbin/llng-fastcgi-server", "--foreground", "-s", f"{home}/run/llng.sock", "-p",
                                  f"{home}/run/llng.pid", "-n", "2", *who], folder, "lemonldap", environment)]
        self.parts.append(Background([shutil.which("nginx") or "/usr/sbin/nginx", "-c", home / "nginx.conf", "-p", home], folder, "nginx"))
        wait_for_port(f"127.0.0.1:{port}", self.parts[1].process, log=self.parts[1].log)
        for _ in range(120):
            status, _ = authority.fetch(self.issuer + "/.well-known/openid-configuration")
            if status == 200:
                return
            time.sleep(0.5)
        words = "".join(part.log.read_text()[-3000:] for part in self.parts)
        self.stop()
        raise RuntimeError(f"LemonLDAP::NG does not answer ({status}):\n{words}")

    @staticmethod
    def roles():
        """A client's own token has no groups: its `sub` is the client's id."""
        return [["--role", "reader", "--principal", "reader"], ["--role", "contributor", "--principal", "writer"]]

    def stop(self):
        for part in reversed(self.parts):
            part.stop()
