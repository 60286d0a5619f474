# The part of a JupyterHub's configuration that is the lessons': each student's server is that of this checkout, with its settings.
# A link to this file belongs into /opt/tljh/config/jupyterhub_config.d; see tljh.md. make class runs its hub with it as well.
import os

c = get_config()  # noqa: F821 (JupyterHub defines it)

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

c.Spawner.cmd = [root + "/.venv/bin/jupyterhub-singleuser", "--config=" + root + "/setup/jupyter_server_config.py"]
c.Spawner.default_url = "/lab/tree/notebooks/start.md"
# Threads of XLA: as many as the cores of tljh-config's limit, not as many as the machine has.
c.Spawner.environment.update({"NPROC": lambda spawner: str(max(1, int(spawner.cpu_limit or os.cpu_count())))})
pretrained = root + "/.cache/pretrained"  # what make pretrain has filled
if os.path.isdir(pretrained):
    c.Spawner.environment.update({"AUTOENCODERS_PRETRAINED": pretrained})
c.Spawner.start_timeout = 300  # thirty students at nine o'clock
c.Spawner.http_timeout = 300
