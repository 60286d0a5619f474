# JupyterLab for the lessons: it asks nothing, fetches nothing, and offers one kernel. For a student's server of JupyterHub as
# well: each student then has a folder, ~/autoencoders or AUTOENCODERS_HOME, beside a checkout that nobody writes to.
import logging
import os
import subprocess
import sys

c = get_config()  # noqa: F821 (Jupyter defines it)

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
home, hub = os.environ.get("AUTOENCODERS_HOME"), "JUPYTERHUB_USER" in os.environ
if hub and not home:
    home = os.path.join(os.path.expanduser("~"), "autoencoders")
if home:
    os.environ["AUTOENCODERS_HOME"] = home = os.path.abspath(home)  # for lessons in a terminal
programs = os.path.join(root, ".venv", "bin")
if programs not in os.environ.get("PATH", os.defpath).split(os.pathsep):
    os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", os.defpath)  # of terminals

# Each start writes the working copies that are missing. Without them there are still the lessons to read.
try:
    subprocess.run([os.path.join(programs, "lessons"), "-checkout", root], stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=60)
except (OSError, subprocess.SubprocessError) as problem:
    print("lessons: no copies to work in: %s" % problem, file=sys.stderr)
if home and not os.path.isdir(home):
    home = None  # the line above says why

if not hub:
    c.ServerApp.ip = "localhost"
c.ServerApp.root_dir = home or root
c.ServerApp.allow_root = os.geteuid() == 0  # a container's only account, as a rule
c.ServerApp.use_redirect_file = False  # the browser gets an address: one of a snap, or of Windows under WSL, cannot read our files
c.FileContentsManager.preferred_dir = next((name for name in ("work", "notebooks") if os.path.isdir(os.path.join(home or root, name))), "")
c.ServerApp.terminado_settings = {"shell_command": [os.environ.get("SHELL") or "/bin/sh"]}
# At first as workspace.json lays it out: notebooks/start.md, beside the copies to work in. On a hub, where the layout is the
# student's from the beginning, the page by its address.
c.LabApp.default_url = "/lab/tree/notebooks/start.md" if hub else "/lab"
c.LabApp.custom_css = True  # setup/custom.css, where the set-up puts it; on a hub JupyterLab would look for it in the student's home
c.ServerApp.tornado_settings = {"static_custom_path": [os.path.join(root, ".jupyter", "config", "custom")]}
c.ServerApp.jpserver_extensions = {"jupyter_lsp": False}  # GoNB completes by itself; looking for servers costs a second

# Jupyter pings each connection every 30 s, and cuts it if no answer has come for 90 s. It looks for the answer before the
# next ping, when the last one is 30 s old: a timeout as long as the interval cuts every connection, every 30 s. Tornado
# takes the same milliseconds for the seconds of a ping of its own, which would come every eight hours, and warns that 90
# is more than 30. So the timeout stays, and the warning goes.
logging.getLogger("tornado.general").addFilter(lambda record: "websocket_ping_timeout" not in record.getMessage())

# Each export that is offered works. The others need a template, pandoc, TeX or a browser of their own: HTML prints as PDF.
# A value of a class holds for those made from it as well: WebPDF and Qt are made from HTML, all are made from Template.
for exporter, works in {"Template": False, "HTML": True, "WebPDF": False, "Qt": False, "Markdown": True, "Script": True}.items():
    c[exporter + "Exporter"].enabled = works

# Nothing is looked up on the network.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

# Only our kernel, so nobody is asked for one.
c.KernelSpecManager.ensure_native_kernel = False
c.KernelSpecManager.allowed_kernelspecs = {"autoencoders"}
c.MultiKernelManager.default_kernel_name = "autoencoders"

# The server drops answers to these while a kernel starts. kernel_info_request is left out of the default list:
# a fresh GoNB kernel would be shown as "Unknown" until its first cell has run.
c.MappingKernelManager.untracked_message_types = [
    "comm_info_request",
    "comm_info_reply",
    "kernel_info_reply",
    "shutdown_request",
    "shutdown_reply",
    "interrupt_request",
    "interrupt_reply",
    "debug_request",
    "debug_reply",
    "stream",
    "display_data",
    "update_display_data",
    "execute_input",
    "execute_result",
    "error",
    "status",
    "clear_output",
    "debug_event",
    "input_request",
    "input_reply",
]
