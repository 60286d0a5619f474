package ipynb_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"autoencoders/internal/ipynb"
)

// small is a notebook as nbconvert writes it, with what a run leaves in it.
const small = `{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": 1,
   "id": "training",
   "metadata": {
    "execution": {"iopub.status.busy": "2026-11-26T21:00:00.000000Z"},
    "scrolled": true,
    "tags": ["hide"]
   },
   "outputs": [
    {
     "data": {
      "application/vnd.vegalite.v5+json": {
       "data": {"values": "x,y\n1,2\n"},
       "hconcat": [1.0, 1e-7, []]
      },
      "text/html": ["<b>0.3 s</b>"],
      "text/plain": ["epoch  loss      time\n", "    1  0.25     0.3 s\n", "β → ∞ 数 <&>"]
     },
     "metadata": {},
     "output_type": "display_data"
    }
   ],
   "source": ["%%\n", "x := 1 // ½"]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 5
}`

func parse(t *testing.T, s string) ipynb.Notebook {
	t.Helper()
	n, err := ipynb.Parse([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What Python's json.dump(n, indent=1, ensure_ascii=False, sort_keys=True) gives, as nbformat calls it, but for one line.
const formatted = `{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": 1,
   "id": "training",
   "metadata": {
    "tags": [
     "hide"
    ]
   },
   "outputs": [
    {
     "data": {
      "application/vnd.vegalite.v5+json": {"data":{"values":"x,y\n1,2\n"},"hconcat":[1.0,1e-7,[]]},
      "text/html": [
       "<b>0.3 s</b>"
      ],
      "text/plain": [
       "epoch  loss      time\n",
       "    1  0.25     0.3 s\n",
       "β → ∞ 数 <&>"
      ]
     },
     "metadata": {},
     "output_type": "display_data"
    }
   ],
   "source": [
    "%%\n",
    "x := 1 // ½"
   ]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 5
}
`

func TestTheLayoutIsJupytersWithJSONInOneLine(t *testing.T) {
	n := parse(t, small)
	n.Clean()
	if got := string(n.Format()); got != formatted {
		t.Errorf("got\n%s", got)
	}
}

func TestWhatIsReadBackIsWhatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.ipynb")
	n := parse(t, small)
	if err := n.Write(path); err != nil {
		t.Fatal(err)
	}
	back, err := ipynb.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, n) {
		t.Errorf("got %v, wrote %v", back, n)
	}
	if raw, err := os.ReadFile(path); err != nil || !bytes.Equal(raw, back.Format()) {
		t.Errorf("written again it differs: %v", err)
	}
}

func TestWhatIsNoNotebook(t *testing.T) {
	for _, s := range []string{"", "[]", "null", `{"cells": []}`, `{"nbformat": 3}`, small + "{}", small[:100]} {
		if _, err := ipynb.Parse([]byte(s)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q is read with the error %v", s, err)
		}
	}
	path := filepath.Join(t.TempDir(), "a.ipynb")
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ipynb.Read(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("the error does not name the file: %v", err)
	}
}

func TestDifferencesAreNamed(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		// Times, and what nobody sees.
		{"0.3 s", "12.5 s", ""},
		{"    1  0.25     0.3 s\\n", "    1  0.25    12.3 s\\n", ""},
		{"21:00:00.000000", "22:12:13.456789", ""},
		{`"scrolled": true,`, "", ""},
		{`["epoch  loss      time\n", "    1  0.25     0.3 s\n", "β → ∞ 数 <&>"]`, `"epoch  loss      time\n    1  0.25     0.3 s\nβ → ∞ 数 <&>"`, ""},
		// Everything else.
		{"0.25", "0.26", `cell 1, outputs 1, data, text/plain: line 2 is "    1  0.25     0.3 s" and "    1  0.26     0.3 s"`},
		{"1,2", "1,3", `cell 1, outputs 1, data, application/vnd.vegalite.v5+json, data, values: line 2 is "1,2" and "1,3"`},
		{"1e-7", "1e-8", `cell 1, outputs 1, data, application/vnd.vegalite.v5+json, hconcat 2: 1e-7 and 1e-8`},
		{`"execution_count": 1`, `"execution_count": 2`, "cell 1, execution_count: 1 and 2"},
		{`"output_type": "display_data"`, `"output_type": "display_data", "name": "x"`, "cell 1, outputs 1: only the second has name"},
		{"x := 1", "x := 2", `cell 1, source: line 2 is "x := 1 // ½" and "x := 2 // ½"`},
		{`["hide"]`, `["hide", "x"]`, `cell 1, metadata, tags: line 1 is "hide" and "hidex"`},
		{`"nbformat_minor": 5`, `"nbformat_minor": 4`, "notebook, nbformat_minor: 5 and 4"},
		{` ],
 "metadata"`, ` , {}],
 "metadata"`, "notebook, cells: 1 and 2"},
	} {
		if n := strings.Count(small, c.old); c.old != "" && n == 0 {
			t.Fatalf("%q is not in the notebook", c.old)
		}
		other := parse(t, strings.Replace(small, c.old, c.new, 1))
		if got := ipynb.Difference(parse(t, small), other); got != c.want {
			t.Errorf("%q for %q: %q, want %q", c.new, c.old, got, c.want)
		}
	}
}

func TestTheCommittedNotebooksComeBackUnchanged(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "notebooks", "*.ipynb"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no notebooks", err)
	}
	for _, path := range paths {
		n, err := ipynb.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		var again map[string]any
		decoder := json.NewDecoder(bytes.NewReader(n.Format()))
		decoder.UseNumber()
		if err := decoder.Decode(&again); err != nil || !reflect.DeepEqual(again, map[string]any(n)) {
			t.Errorf("%s is not what was read: %v", path, err)
		}
	}
}
