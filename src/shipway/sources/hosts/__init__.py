"""Code hosts: what their webhooks say, one file per host. `host.py` says what a file has to tell; this lists them."""

from shipway.domain.push import CodeHost
from shipway.sources.hosts import bitbucket, gitea, github, gitlab
from shipway.sources.hosts.host import Delivered, Host

HOSTS: dict[CodeHost, Host] = {
    "github": github.HOST,
    "gitlab": gitlab.HOST,
    "gitea": gitea.HOST,
    "bitbucket": bitbucket.HOST,
}

__all__ = ["HOSTS", "Delivered", "Host"]
