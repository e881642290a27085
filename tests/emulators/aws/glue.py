"""AWS Glue: a job with secrets among its arguments, and the security configuration that it names."""

from __future__ import annotations

from tests.emulators.aws_services import CANARY, client
from tests.emulators.aws_wire import AwsWire


def build(wire: AwsWire) -> None:
    glue = client("glue")
    modes = {
        "S3Encryption": [{"S3EncryptionMode": "SSE-KMS"}],
        "CloudWatchEncryption": {"CloudWatchEncryptionMode": "SSE-KMS"},
    }
    glue.create_security_configuration(Name="strict", EncryptionConfiguration=modes)
    glue.create_job(
        Name="nightly",
        Role="app",
        Command={"Name": "glueetl", "ScriptLocation": "s3://northwind-jobs/nightly.py"},
        GlueVersion="4.0",
        SecurityConfiguration="strict",
        DefaultArguments={"--enable-continuous-cloudwatch-log": "true", "--db-password": CANARY},
    )
