# The JupyterHub of make class: students without passwords of their own, each with a home in the folder CLASS_HOME, and servers that
# run as this account. Never a hub for a real class: see classroom/hub.
import os

c = get_config()  # noqa: F821 (JupyterHub defines it)

root = os.environ["CLASS_ROOT"]
home = os.environ["CLASS_HOME"]
token = os.environ["CLASS_TOKEN"]

c.JupyterHub.bind_url = "http://127.0.0.1:" + os.environ["CLASS_PORT"]
c.JupyterHub.hub_bind_url = "http://127.0.0.1:" + os.environ["CLASS_HUB_PORT"]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:" + os.environ["CLASS_PROXY_PORT"]
c.ConfigurableHTTPProxy.command = [os.path.join(root, ".cache", "proxy", "node_modules", ".bin", "configurable-http-proxy")]
c.JupyterHub.db_url = "sqlite:///" + os.path.join(home, "hub.sqlite")
c.JupyterHub.cookie_secret_file = os.path.join(home, "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = os.path.join(home, "proxy.pid")
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [{"name": "class", "api_token": token}]
c.JupyterHub.load_roles = [{"name": "class", "services": ["class"], "scopes": ["list:users", "read:servers", "delete:servers"]}]
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.active_server_limit = 0

# Servers as a recipe for a real class has them. The accounts of the students are there, or each gets a folder for a home.
load_subconfig(os.path.join(root, "classroom", "hub", "autoencoders_tljh.py"))  # noqa: F821
if os.environ.get("ACCOUNTS"):
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
else:
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = os.path.join(home, "{username}")
c.Spawner.environment.update({
    "CLASS_STUDENT": lambda spawner: token + ":" + spawner.user.name,  # by which the load test finds all that a student runs
    "AUTOENCODERS_PRETRAINED": os.environ.get("AUTOENCODERS_PRETRAINED", ""),
})  # fmt: skip
c.Spawner.http_timeout = 600  # thirty servers that start at once on two cores
c.Spawner.start_timeout = 600
