// What the tests know of JupyterLab's insides. All of it stands in this file, because JupyterLab promises none of it and
// renames commands, members and classes between minor releases: after an update of setup/requirements.lock, look here.
// The names are those of JupyterLab 4.6. The browser runs this file in each page before JupyterLab starts.
window.lab = {
	area: ".jp-OutputArea-output", // an output of a cell
	vega: ".vega-embed canvas, .vega-embed svg", // what Vega-Lite has drawn

	// app is JupyterLab itself, because the server runs with LabApp.expose_app_in_browser.
	get app() { return window.jupyterapp; },
	get panel() { return this.app?.shell?.currentWidget; }, // the notebook in front, with its toolbar and kernel
	get notebook() { return this.panel.content; },

	// kernel returns the kernel of the notebook in front if that is the named one and is open.
	kernel(name) {
		const p = this.panel;
		if (!p?.context?.path?.endsWith(name) || !p.context.isReady) return null;
		this.track();
		return p.sessionContext?.session?.kernel;
	},

	// ready reports whether the named notebook is in front and its kernel idle. If the machine is busy the server may
	// lose what a kernel says of itself as it starts, and JupyterLab shows it as Unknown until a cell runs: then it
	// is asked again.
	ready(name) {
		const kernel = this.kernel(name);
		if (kernel?.status === "unknown" && kernel.connectionStatus === "connected") {
			kernel.unknownSince ??= Date.now();
			if (Date.now() - kernel.unknownSince > 10000) {
				kernel.unknownSince = Date.now();
				kernel.requestKernelInfo();
			}
		}
		return kernel?.status === "idle";
	},

	// runs has, for each notebook, the commands that run its cells and have not ended. A cell's prompt shows its * only
	// some moments after the command.
	runs: new WeakMap(),
	running(panel) {
		if (!this.runs.has(panel)) this.runs.set(panel, new Set());
		return this.runs.get(panel);
	},
	track() {
		if (this.tracking) return;
		this.tracking = true;
		this.app.commands.commandExecuted.connect((_, {id, result}) => {
			if (!id.startsWith("notebook:run")) return;
			const running = this.running(this.panel);
			running.add(result);
			const end = () => running.delete(result);
			result.then(end, end);
		});
	},

	// idle reports whether no cell of the notebook in front runs or waits. The command that runs all cells ends at the
	// first error, before the cells behind it are told: hence the prompts.
	idle() {
		const waits = this.notebook.widgets.some(c => c.model.type === "code" && this.waits(c));
		return this.running(this.panel).size === 0 && !waits && this.panel.sessionContext.session.kernel.status === "idle";
	},

	waits(cell) { return cell.promptNode?.textContent?.includes("*"); },
	asked(words) { return this.waits(this.notebook.widgets[this.index(words)]); },

	// command executes a command and waits for its end; begin does not wait.
	command(id, args) { return this.app.commands.execute(id, args ?? {}).then(() => true); },
	begin(id) {
		this.app.commands.execute(id);
		return true;
	},
	restart() { return this.panel.sessionContext.session.kernel.restart().then(() => true); },

	// watch collects what becomes of the connection to the kernel of a notebook, in changes.
	watch(name) {
		this.changes = [];
		this.kernel(name).connectionStatusChanged.connect((_, status) => this.changes.push(status));
		return true;
	},

	// index returns the index of the code cell that has the given words, or these as its id, or -1.
	index(words) {
		const code = this.notebook.widgets.map(c => c.model.type === "code" ? c.model : null);
		const named = code.findIndex(c => c?.id === words);
		return named >= 0 ? named : code.findIndex(c => c?.sharedModel.getSource().includes(words));
	},
	select(words) {
		const i = this.index(words);
		if (i < 0) return false;
		this.notebook.activeCellIndex = i;
		this.notebook.deselectAll();
		return true;
	},
	run(words) { return this.select(words) && this.begin("notebook:run-cell"); },

	// outputs returns a cell's outputs in the notebook format, output all their text.
	outputs(words) { return this.notebook.widgets[this.index(words)].model.outputs.toJSON(); },
	output(words) {
		const text = t => Array.isArray(t) ? t.join("") : t ?? "";
		const of = o => o.output_type === "error" ? text(o.traceback?.map(t => t + "\n")) || o.ename + ": " + o.evalue
			: text(o.text) || text(o.data?.["text/plain"]);
		return this.outputs(words).map(of).join("\n");
	},
	clear(words) {
		this.notebook.widgets[this.index(words)].model.clearExecution();
		return true;
	},

	// json returns the notebook as it would be saved.
	json() { return JSON.stringify(this.notebook.model.toJSON()); },
	dirty() { return this.panel.context.model.dirty; },
	trusted() { return this.notebook.widgets.some(c => c.model.type === "code" && c.model.trusted && c.model.outputs.length > 0); },

	// source and count are those of the active cell.
	source() { return this.notebook.activeCell.model.sharedModel.getSource(); },
	count() { return this.notebook.activeCell.model.executionCount; },

	// write replaces the source of a code cell.
	write(words, source) {
		this.notebook.widgets[this.index(words)].model.sharedModel.setSource(source);
		return true;
	},

	// unfold clicks on the summary with a text in the cell that a distance from the named one, and returns what then is seen below it.
	async unfold(words, distance, summary) {
		await this.show(words); // what is about to be drawn anew loses the click
		const node = this.notebook.widgets[this.index(words) + distance].node;
		const fold = () => [...node.querySelectorAll("details")].find(d => d.querySelector("summary").textContent === summary);
		if (!fold() || fold().innerText.trim() !== summary) return ""; // missing, or not folded
		fold().querySelector("summary").click();
		await new Promise(r => setTimeout(r, 200));
		return fold().innerText.trim().slice(summary.length).trim();
	},

	// edit writes a new cell below the active one and leaves the cursor at its end.
	async edit(text) {
		await this.command("notebook:insert-cell-below");
		await this.command("notebook:enter-edit-mode");
		const editor = this.notebook.activeCell.editor;
		editor.model.sharedModel.setSource(text);
		editor.setCursorPosition(editor.getPositionAt(text.length));
		editor.focus();
		return true;
	},

	// show scrolls to a cell and waits until its place no longer changes, since cells above it are drawn late.
	async show(words) {
		const i = this.index(words);
		this.notebook.activeCellIndex = i;
		await this.notebook.scrollToItem(i, "start");
		const node = this.notebook.widgets[i].node;
		for (let still = 0, last, tries = 0; still < 5 && tries < 50; tries++) {
			node.scrollIntoView({block: "start"});
			await new Promise(r => setTimeout(r, 100));
			const top = Math.round(node.getBoundingClientRect().top);
			still = top === last ? still + 1 : 0;
			last = top;
		}
		return true;
	},

	theme() { return document.body.dataset.jpThemeName; },
	dialog() { return document.querySelector(".jp-Dialog")?.textContent ?? ""; },
	completions() { return [...document.querySelectorAll(".jp-Completer-item")].map(i => i.textContent); },
	help() { return document.querySelector(".jp-Tooltip")?.textContent ?? ""; },
	drawn() { return document.querySelectorAll(this.vega).length; },
	pictures() { return [...document.querySelectorAll(".jp-OutputArea img")].filter(i => i.naturalWidth > 0).length; },

	// stop returns the middle of the ■ of the notebook in front.
	stop() {
		const r = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) [data-jp-item-name="interrupt"]').getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	},
};
