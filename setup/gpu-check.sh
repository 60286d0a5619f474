#!/bin/sh
# make gpu-check: one program with the golden files and MNIST inside, that compares a GPU with PyTorch's numbers and times epochs
# on it. It needs a PJRT plugin and the driver, neither Go nor this checkout. Where the set-up found a GPU, it is run.
set -e
mkdir -p artifacts
go test -c -o artifacts/gpu-check ./autoencoder
arguments='-test.v -test.run=EqualPyTorch|EqualsPyTorch -test.bench=Epoch'
cd artifacts
status=0
for tf32 in false true; do
  case $GOMLX_BACKEND in
  *tf32=*)
    echo "setup: TF32 $tf32" >&2
    GOMLX_BACKEND=$(echo "$GOMLX_BACKEND" | sed "s/tf32=[a-z]*/tf32=$tf32/") ./gpu-check $arguments || status=1
    ;;
  *)
    [ $tf32 = true ] || echo "setup: no NVIDIA driver here. Where there is one and a CUDA plugin of PJRT:" >&2
    echo "GOMLX_BACKEND=xla:/path/to/plugin.so,preallocate=false,tf32=$tf32 ./gpu-check ${arguments%%-test.run*}'-test.run=EqualPyTorch|EqualsPyTorch' -test.bench=Epoch"
    ;;
  esac
done
exit $status
