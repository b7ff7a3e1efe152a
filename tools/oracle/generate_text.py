"""test/text/notes.json: what the notes' own Python makes of a few texts: cleaned text, dictionary, token file, samples.

    python tools/oracle/generate_text.py          needs torch and pandas
"""
import json
import pathlib
import re
import string

import pandas as pd
import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "test" / "text" / "notes.json"
TEXTS = [
    (1, "The movie was GREAT!<br /><br />I'd see it again -- 10/10."),
    (0, "the worst film; I have\vever seen... the plot (if any) is a mess, the actors are wood"),
    (1, "Ünïcode, İstanbul, ΣΑΣ and 電影 are words too"),
    (0, ""),
    (0, "bad bad bad the  end"),
]
MAX_WORDS, MAX_LEN = 12, 6


def clean_text(text):
    lowercase = text.lower().replace("\n", " ")
    stripped_html = re.sub("<br />", " ", lowercase)
    cleaned_punctuation = re.sub("[%s]" % re.escape(string.punctuation), "", stripped_html)
    return cleaned_punctuation


def pad(data_list, pad_length):
    padded_list = data_list.copy()
    if len(data_list) > pad_length:
        padded_list = data_list[-pad_length:]
    if len(data_list) < pad_length:
        padded_list = [1] * (pad_length - len(data_list)) + data_list
    return padded_list


def main():
    lines = [f"{label}\t{text}\n" for label, text in TEXTS]
    counts = {}
    for line in lines:
        label, text = line.split("\t")
        for word in clean_text(text).split(" "):
            counts[word] = counts.get(word, 0) + 1
    words = pd.DataFrame(pd.Series(counts, name="count"))
    # The notes' sort leaves the order of equal counts open.
    words = words.sort_values(by="count", ascending=False, kind="stable")
    words = words[0 : MAX_WORDS - 2]
    words["word_id"] = range(2, MAX_WORDS)
    ids = words["word_id"].to_dict()
    tokens = []
    for line in lines:
        label, text = line.split("\t")
        numbers = [ids.get(word, 0) for word in clean_text(text).split(" ")]
        tokens.append(label + "\t" + " ".join(str(x) for x in pad(numbers, MAX_LEN)) + "\n")
    label, numbers = tokens[0].split("\t")
    sample = [
        torch.tensor([int(x) for x in numbers.split(" ")], dtype=torch.long),
        torch.tensor([float(label)], dtype=torch.float),
    ]
    data = {
        "max_words": MAX_WORDS,
        "max_len": MAX_LEN,
        "file": "".join(lines),
        "cleaned": [clean_text(line.split("\t")[1]) for line in lines],
        "head": str(words.head(10)),
        "tokens": "".join(tokens),
        "first": [str(t) for t in sample],
    }
    OUT.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


main()
