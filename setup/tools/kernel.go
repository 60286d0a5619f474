package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// settings is what the set-up has found out when it comes to the kernel.
type settings struct {
	root    string            // the checkout
	backend string            // cpu or cuda
	drop    []string          // variables that a cell must not see, whoever starts the kernel
	env     map[string]string // of the set-up's commands
}

func (s settings) venv() string               { return filepath.Join(s.root, ".venv") }
func (s settings) cache(name string) string   { return filepath.Join(s.root, ".cache", name) }
func (s settings) setup(name string) string   { return filepath.Join(s.root, "setup", name) }
func (s settings) jupyter(name string) string { return filepath.Join(s.root, ".jupyter", name) }

// install writes the kernel and JupyterLab's settings, and builds what cells import, so that the first cell answers in about
// a second. kernel.json comes last: where it is, all of it is.
func (s settings) install() error {
	packages, err := s.sitePackages()
	if err != nil {
		return err
	}
	backend, err := backendEnv(s.backend, packages)
	if err != nil {
		return err
	}
	if err := s.checkPlugin(backend); err != nil {
		return err
	}
	if err := s.checkShared(); err != nil {
		return err
	}
	spec, err := s.kernel(backend)
	if err != nil {
		return err
	}
	if err := s.warm(spec.Env); err != nil {
		return err
	}
	share := filepath.Join(s.venv(), "share", "jupyter")
	template := filepath.Join(share, "nbconvert", "templates", "lessons")
	// The first start shows the start page beside the notebooks; later ones show what was open last. The name is JupyterLab's for /lab.
	workspace := s.jupyter("workspaces/default-37a8.jupyterlab-workspace")
	for from, to := range map[string]string{
		s.setup("overrides.json"):             filepath.Join(share, "lab", "settings", "overrides.json"),
		s.setup("page_config.json"):           filepath.Join(share, "lab", "settings", "page_config.json"),
		s.setup("custom.css"):                 s.jupyter("config/custom/custom.css"),
		s.setup("export/jupyter_config.json"): filepath.Join(s.venv(), "etc", "jupyter", "jupyter_config.json"),
		s.setup("export/conf.json"):           filepath.Join(template, "conf.json"),
		s.setup("export/index.html.j2"):       filepath.Join(template, "index.html.j2"),
		s.setup("export/lesson_export.py"):    filepath.Join(packages, "lesson_export.py"),
		s.setup("workspace.json"):             workspace,
	} {
		if to == workspace && exists(to) {
			continue
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := writeFile(to, text); err != nil {
			return err
		}
	}
	if err := writeJSON(s.cache("backend.json"), backend); err != nil {
		return err
	}
	return writeJSON(filepath.Join(share, "kernels", "autoencoders", "kernel.json"), spec)
}

// sitePackages is where uv put the Python packages.
func (s settings) sitePackages() (string, error) {
	found, err := filepath.Glob(filepath.Join(s.venv(), "lib", "python3*", "site-packages"))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s has no Python packages: run make setup", s.venv())
	}
	return found[len(found)-1], nil
}

// backendEnv is GOMLX_BACKEND, and what CUDA needs beside it, for the plugins in a site-packages folder.
func backendEnv(chosen, packages string) (map[string]string, error) {
	env := map[string]string{"GOMLX_BACKEND": "go", "GOMLX_NO_AUTO_INSTALL": "1"}
	cuda := filepath.Join(packages, "jax_plugins", "xla_cuda13", "xla_cuda_plugin.so")
	cpu := filepath.Join(packages, "xla_plugins", "xla_cpu_pjrt", "xla_cpu_pjrt.so")
	switch {
	case chosen == "cuda" && exists(cuda):
		libraries, err := filepath.Glob(filepath.Join(packages, "nvidia", "*", "lib"))
		if err != nil {
			return nil, err
		}
		data := filepath.Join(packages, "nvidia", "cu13")
		if strings.Contains(data, " ") {
			data = `"` + data + `"`
		}
		env["GOMLX_BACKEND"] = "xla:" + cuda + ",preallocate=false,tf32=false"
		env["LD_LIBRARY_PATH"] = strings.Join(libraries, ":")
		env["XLA_FLAGS"] = "--xla_gpu_cuda_data_dir=" + data
		// go-xla warns unless it sees the libraries beside the plugin's folder, although the plugin finds them one above.
		link := filepath.Join(packages, "jax_plugins", "nvidia")
		if _, err := os.Lstat(link); os.IsNotExist(err) {
			return env, os.Symlink(filepath.Join("..", "nvidia"), link)
		}
	case exists(cpu):
		env["GOMLX_BACKEND"] = "xla:" + cpu + ",shared_buffers"
	}
	return env, nil
}

// checkPlugin opens the plugin once, so that a missing system library is named here and not in a cell. Where the plugin does
// not bear the user's LD_LIBRARY_PATH (a C++ library older than it needs, as a rule), cells get none.
func (s settings) checkPlugin(backend map[string]string) error {
	name, rest, _ := strings.Cut(backend["GOMLX_BACKEND"], ":")
	if name != "xla" {
		return nil
	}
	plugin, _, _ := strings.Cut(rest, ",")
	var out []byte
	var err error
	for _, search := range slices.Compact([]string{cmp.Or(backend["LD_LIBRARY_PATH"], s.env["LD_LIBRARY_PATH"]), backend["LD_LIBRARY_PATH"]}) {
		open := exec.Command(filepath.Join(s.venv(), "bin", "python"), "-I", "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", plugin)
		open.Env = append(os.Environ(), "LD_LIBRARY_PATH="+search)
		if out, err = open.CombinedOutput(); err == nil {
			backend["LD_LIBRARY_PATH"] = search
			return nil
		}
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("the XLA plugin does not load (%s): install what is missing, as a rule apt-get install libstdc++6", lines[len(lines)-1])
}

// checkShared is for the set-up of a class: the Python that runs JupyterLab must be one that the other accounts may run.
func (s settings) checkShared() error {
	if !exists(s.cache("shared")) {
		return nil
	}
	python, err := filepath.EvalSymlinks(filepath.Join(s.venv(), "bin", "python"))
	if err != nil {
		return err
	}
	for folder := filepath.Dir(python); folder != "/"; folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&0o005 != 0o005 {
			return fmt.Errorf("other accounts may not enter %s, where %s is: make clean, then make setup SHARED=1 PYTHON=/usr/bin/python3", folder, python)
		}
	}
	return nil
}

// kernelSpec is Jupyter's kernel.json.
type kernelSpec struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
}

// handed are the variables of the set-up that cells need as well.
var handed = []string{
	"GOENV", "GOTOOLCHAIN", "GOCACHE", "GOMODCACHE", "GOPATH", "GOTMPDIR", "GOPRIVATE", "GONOSUMDB", "GOSUMDB", "GONOPROXY", "GOINSECURE", "GOAUTH",
	"CC", "CGO_ENABLED", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR",
}

// kernel is setup/kernel.json with this checkout's paths and environment.
func (s settings) kernel(backend map[string]string) (spec kernelSpec, err error) {
	text, err := os.ReadFile(s.setup("kernel.json"))
	if err != nil {
		return spec, err
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		return spec, fmt.Errorf("setup/kernel.json: %w", err)
	}
	for i := range spec.Argv {
		spec.Argv[i] = strings.NewReplacer("@VENV@", s.venv(), "@ROOT@", s.root).Replace(spec.Argv[i])
	}
	env := map[string]string{}
	for _, name := range s.drop {
		env[name] = ""
	}
	for _, name := range handed {
		if value := s.env[name]; value != "" {
			env[name] = value
		}
	}
	maps.Copy(env, backend)
	bin := filepath.Join(s.venv(), "bin")
	path := []string{bin}
	if program, err := exec.LookPath("go"); err == nil && filepath.Dir(program) != bin {
		path = append(path, filepath.Dir(program))
	}
	env["PATH"] = strings.Join(path, ":")
	for name, value := range env {
		env[name] = strings.ReplaceAll(value, "$", "$$") // Jupyter expands ${NAME} in these values
	}
	env["PATH"] += ":${PATH}"
	maps.Copy(env, spec.Env)
	spec.Env = env
	return spec, nil
}

// warm builds what cells import in the environment of a cell.
func (s settings) warm(env map[string]string) error {
	expand := strings.NewReplacer("${PATH}", s.env["PATH"], "$$", "$")
	vars := os.Environ()
	for name, value := range env {
		if name != "GOPROXY" {
			vars = append(vars, name+"="+expand.Replace(value))
		}
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-o", s.cache("cells"), "./setup/cells") // git may mistrust a checkout of another account
	build.Dir, build.Env = s.root, vars
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, out)
	}
	// goimports indexes the module cache once, for names that a cell uses without importing them.
	file := s.cache("index/a.go")
	if err := writeFile(file, []byte("package main\n\nfunc f() { graph.Add() }\n")); err != nil {
		return err
	}
	index := exec.Command(filepath.Join(s.venv(), "bin", "goimports"), "-l", file)
	index.Env = vars
	if out, err := index.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(index.Args, " "), err, out)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func writeJSON(path string, value any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(value); err != nil {
		return err
	}
	return writeFile(path, text.Bytes())
}

// writeFile puts text into a file in one step.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", text, 0o666); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
