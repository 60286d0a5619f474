package ipynb

import "testing"

// What nbconvert 7 prints when a cell fails: nbclient's CellExecutionError, at the end of Python's traceback.
const printed = `Traceback (most recent call last):
  File "nbclient/client.py", line 1062, in async_execute_cell
    await self._check_raise_for_error(cell, cell_index, exec_reply)
nbclient.exceptions.CellExecutionError: An error occurred while executing the following cell:
------------------
%%
train(linear)
------------------

----- stderr -----
autoencoder: checkpoints/linear has no trained weights: run the training cell first
exit status 1
------------------

[31m---------------------------------------------------------------------------[0m
exit status 1
`

func TestAFailureIsOneLine(t *testing.T) {
	n := Notebook{"cells": []any{
		map[string]any{"cell_type": "markdown", "source": "train(linear)"},
		map[string]any{"cell_type": "code", "source": []any{"%%\n", "train(linear)\n"}},
	}}
	for out, want := range map[string]string{
		printed: "cell 2 failed: autoencoder: checkpoints/linear has no trained weights: run the training cell first",
		"a warning\njupyter_client.kernelspec.NoSuchKernel: No such kernel named autoencoders\n": "jupyter_client.kernelspec.NoSuchKernel: No such kernel named autoencoders",
		"": "",
	} {
		if got := failure(n, out); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
