"""Writes pytorch_convolutions.json, with PyTorch 2.15: run in autoencoder/nn."""
import json, torch
torch.manual_seed(0)
cases = []
def case(kind, i, o, k, h, w, **kw):
    layer = getattr(torch.nn, kind)(i, o, k, **kw)
    x = torch.randn(2, i, h, w, requires_grad=True)
    y = layer(x); dy = torch.randn_like(y)
    y.backward(dy)
    last = lambda t: [round(v, 6) for v in t.permute(0, 2, 3, 1).flatten().tolist()]
    flat = lambda t: [round(v, 6) for v in t.flatten().tolist()]
    cases.append(dict(kind=kind, args=[i, o, k], stride=kw.get("stride", 1), padding=kw.get("padding", 0),
        output_padding=kw.get("output_padding", 0), x_shape=[2, h, w, i], y_shape=[y.shape[0], y.shape[2], y.shape[3], y.shape[1]],
        x=last(x), weight=flat(layer.weight), bias=flat(layer.bias), y=last(y), dy=last(dy),
        dx=last(x.grad), dweight=flat(layer.weight.grad), dbias=flat(layer.bias.grad)))
case("Conv2d", 1, 3, 3, 6, 6, stride=2, padding=1)
case("Conv2d", 2, 3, 4, 6, 5, stride=1, padding=1)
case("Conv2d", 3, 2, 2, 7, 6, stride=3)
case("ConvTranspose2d", 3, 2, 3, 3, 3, stride=2, padding=1, output_padding=1)
case("ConvTranspose2d", 2, 3, 5, 3, 2)
case("ConvTranspose2d", 2, 2, 4, 3, 4, stride=3, padding=2, output_padding=2)
json.dump(cases, open("testdata/pytorch_convolutions.json", "w"), separators=(",", ":"))
