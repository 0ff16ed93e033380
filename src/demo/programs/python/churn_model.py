from pathlib import Path

from corp_modeling.pipeline import train


def main(folder):
    return train(Path(folder), target="churned", folds=5)


print(main("data/2026"))
