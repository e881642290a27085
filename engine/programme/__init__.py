"""The programme around the scan: what people do and write down, by the rules that auditors hold it to.

Pure: values in, values out. :mod:`engine.content` reads the files, :mod:`engine.report` shows what is concluded.
"""
