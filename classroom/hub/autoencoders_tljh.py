# For /opt/tljh/config/jupyterhub_config.d: each student's server is that of the lessons' checkout, with its settings. See tljh.md.
import os

c = get_config()  # noqa: F821 (JupyterHub defines it)

root = "/opt/autoencoders"

c.Spawner.cmd = [root + "/.venv/bin/jupyterhub-singleuser", "--config=" + root + "/setup/jupyter_server_config.py"]
c.Spawner.default_url = "/lab/tree/notebooks/start.md"
pretrained = root + "/.cache/pretrained"  # what make pretrain has filled
if os.path.isdir(pretrained):
    c.Spawner.environment["AUTOENCODERS_PRETRAINED"] = pretrained
c.Spawner.start_timeout = 300  # thirty students at nine o'clock
c.Spawner.http_timeout = 300
