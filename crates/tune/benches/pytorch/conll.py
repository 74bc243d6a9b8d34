"""Tagged sentences: a word and its tag a line, a blank line between sentences."""


def read(path, limit=None):
    """The sentences of a file, each a list of words and a list of IOB2 tags."""
    sentences, words, tags = [], [], []
    with open(path, encoding="utf-8") as lines:
        for line in [*lines, ""]:
            columns = line.split()
            if len(columns) >= 2:
                words.append(columns[0])
                tags.append(columns[-1])
            elif words:
                sentences.append((words, tags))
                words, tags = [], []
    return sentences[:limit]
