"""05-text.ts in PyTorch, on the texts that it wrote, and a linear model of word counts to compare with.

    python examples/notes/05-text.py [epochs] [--threads N]      needs torch and scikit-learn
"""
import argparse
import os
import re
import string
import time
from pathlib import Path

import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from torch import nn
from torch.utils.data import DataLoader, Dataset

FOLDER = Path(os.environ.get("FLAMBEAU_NOTES_OUT", Path(__file__).parent / "out")) / "mail"
MAX_WORDS = 10000
MAX_LEN = 200
BATCH_SIZE = 20


def clean_text(text):
    lowercase = text.lower().replace("\n", " ")
    stripped_html = re.sub("<br />", " ", lowercase)
    return re.sub("[%s]" % re.escape(string.punctuation), "", stripped_html)


def lines(name):
    with open(FOLDER / f"{name}.tsv", encoding="utf-8") as f:
        return [line.split("\t") for line in f]


def word_ids():
    counts = {}
    for _, text in lines("train"):
        for word in clean_text(text).split(" "):
            counts[word] = counts.get(word, 0) + 1
    words = sorted(counts, key=lambda word: -counts[word])[: MAX_WORDS - 2]
    return {word: i for i, word in enumerate(words, 2)}


def tokens(text, ids):
    numbers = [ids.get(word, 0) for word in clean_text(text).split(" ")]
    return [1] * (MAX_LEN - len(numbers)) + numbers[-MAX_LEN:]


class ImdbDataset(Dataset):
    """One file a sample, as the notes have it; the files are those of 05-text.ts."""

    def __init__(self, samples_dir):
        self.samples_dir = samples_dir
        self.samples_paths = sorted(os.listdir(samples_dir), key=lambda name: int(name.removesuffix(".txt")))

    def __len__(self):
        return len(self.samples_paths)

    def __getitem__(self, index):
        with open(self.samples_dir / self.samples_paths[index], encoding="utf-8") as f:
            label, numbers = f.readline().split("\t")
        return torch.tensor([int(x) for x in numbers.split(" ")], dtype=torch.long), torch.tensor([float(label)])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(MAX_WORDS, 3, padding_idx=1)
        self.conv = nn.Sequential(
            nn.Conv1d(3, 16, 5), nn.MaxPool1d(2), nn.ReLU(), nn.Conv1d(16, 128, 2), nn.MaxPool1d(2), nn.ReLU()
        )
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(6144, 1), nn.Sigmoid())

    def forward(self, x):
        return self.dense(self.conv(self.embedding(x).transpose(1, 2)))


class KimCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(MAX_WORDS, 32, padding_idx=1)
        self.convs = nn.ModuleList(
            nn.Sequential(nn.Conv1d(32, 64, words), nn.MaxPool1d(MAX_LEN - words + 1), nn.ReLU(), nn.Flatten())
            for words in (1, 2, 3)
        )
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(3 * 64, 1)

    def forward(self, x):
        words = self.embedding(x).transpose(1, 2)
        phrases = [conv(words) for conv in self.convs]
        return torch.sigmoid(self.linear(self.dropout(torch.cat(phrases, 1))))


def accuracy(y_pred, y_true):
    y_pred = torch.where(y_pred > 0.5, torch.ones_like(y_pred), torch.zeros_like(y_pred))
    return torch.mean(1 - torch.abs(y_true - y_pred))


def train(make, epochs, dl_train, dl_test):
    torch.manual_seed(0)
    net = make()
    loss_func = nn.BCELoss()
    optimizer = torch.optim.Adagrad(net.parameters(), lr=0.02)
    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        net.train()
        losses, accuracies = [], []
        for features, labels in dl_train:
            optimizer.zero_grad()
            y_pred = net(features)
            loss = loss_func(y_pred, labels)
            losses.append(loss.item())
            accuracies.append(accuracy(y_pred, labels).item())
            loss.backward()
            optimizer.step()
        net.eval()
        y_pred, y_true, val_losses = [], [], []
        with torch.no_grad():
            for features, labels in dl_test:
                p = net(features)
                val_losses.append(loss_func(p, labels).item())
                accuracy(p, labels).item()
                y_pred.append(p)
                y_true.append(labels)
        mean = lambda values: sum(values) / len(values)
        print(f"epoch {epoch}: loss {mean(losses):.3f} accuracy {mean(accuracies):.3f} val_loss {mean(val_losses):.3f}")
    seconds = time.perf_counter() - start
    spam, truth = torch.cat(y_pred) > 0.5, torch.cat(y_true) > 0.5
    report(make.__name__, truth.flatten(), spam.flatten(), f", {seconds:.1f} s")


def report(name, truth, spam, more=""):
    print(f"{name}: accuracy {accuracy_score(truth, spam):.4f}, F1 {f1_score(truth, spam):.4f}{more}")


def baseline(name, texts):
    """Logistic regression on TF-IDF, scikit-learn's own settings, with as many words as the dictionary has."""
    vectorizer = TfidfVectorizer(max_features=MAX_WORDS)
    features = vectorizer.fit_transform(texts(text) for _, text in lines("train"))
    model = LogisticRegression(max_iter=1000).fit(features, [int(label) for label, _ in lines("train")])
    spam = model.predict(vectorizer.transform(texts(text) for _, text in lines("test")))
    report(name, [int(label) for label, _ in lines("test")], spam)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("epochs", type=int, nargs="?", default=10)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    ids = word_ids()
    for name in ("train", "test"):
        written = [[int(x) for x in numbers.split(" ")] for _, numbers in lines(f"{name}_token")]
        assert written == [tokens(text, ids) for _, text in lines(name)], "the words have other numbers than in 05-text.ts"
    dl_train = DataLoader(ImdbDataset(FOLDER / "train_samples"), batch_size=BATCH_SIZE, shuffle=True)
    dl_test = DataLoader(ImdbDataset(FOLDER / "test_samples"), batch_size=BATCH_SIZE)
    for make in (Net, KimCNN):
        train(make, options.epochs, dl_train, dl_test)
    baseline("TF-IDF + logistic regression, what the networks see", lambda text: " ".join(clean_text(text).split(" ")[-MAX_LEN:]))
    baseline("TF-IDF + logistic regression, whole mails", lambda text: text)


if __name__ == "__main__":
    main()
