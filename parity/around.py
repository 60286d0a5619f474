"""What the PyTorch blocks of a lesson take as given, and what must hold once they have run.

A block shows one idea; its imports, data and earlier lessons' classes are here.
"""

HEADER = """
import nets
import numpy as np
import safetensors.torch, torch, torchvision
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision.transforms import Compose, Normalize, ToTensor

x_test = nets.mnist("t10k")[0]
"""

GIVEN = {
    "02": """
import sklearn.decomposition
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

images, labels = nets.mnist("train")
x_train = images.numpy()
z_train, y_train, z_test, y_test = images[:2000, 300:310].numpy(), labels[:2000], images[2000:2500, 300:310].numpy(), labels[2000:2500]
LAutoencoder, trained = nets.tutorial, []

def train(net):  # a step of lesson 1's loop
    loss = F.mse_loss(net(images[:128])[0], images[:128])
    loss.backward()
    trained.append(loss.item())
""",
    "05": """
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

clean = x_test[:20].view(-1, 28, 28).numpy()
output = clean + 0.5 * np.random.default_rng(0).standard_normal(clean.shape, np.float32)
model = nets.tutorial(32)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
mnist = torch.utils.data.TensorDataset(nets.mnist("train")[0][:1280], torch.zeros(1280))
""",
}

# An expression for each lesson, true once its blocks have run.
HOLDS = {
    "01": "loss.item() < 0.2",
    "02": "abs(((reconstruct(x_test.numpy(), 2) - x_test.numpy()) ** 2).mean() - 0.2227) < 5e-4 and len(trained) == 15",
    "03": "decoder(encoder(x_test[:2].view(-1, 1, 28, 28))).shape == (2, 1, 28, 28)",
    "04": "torch.isfinite(loss(torch.rand(8, 784), *forward(torch.rand(8, 784))))",
    "05": "11 < psnr < 13 and 0 < ssim < 1 and loss.item() < 1",
}
