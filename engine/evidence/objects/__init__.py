"""Evidence in a bucket: ``s3://``, ``gs://`` and ``az://`` beside folders.

    address     what a URL of a store means, and where its working copy stands
    bucket      the one client: list, get, create if absent, delete
    locked      what is created under S3 Object Lock
    moments     its states one after another, for who goes on showing one while the next is fetched
    mirror      the working copy: brought up to date before it is read, and uploaded before an entry of the chain is

The bucket is the truth. A store's code works on the working copy, a folder like any other store; what makes that safe
is the order of requests, which ``mirror`` keeps: an entry of the chain is created only after the files that it names,
and only where no other has its number.
"""
