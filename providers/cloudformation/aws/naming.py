"""What Ref and Fn::GetAtt return of resources to which the template gives a name.

CloudFormation Template Reference, "Return values" of each type; the forms of ARNs are those of the Service
Authorization Reference. Of every other resource a function returns what is known only after it is made.
"""

from __future__ import annotations

from typing import Final

_NAMES: Final = {
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::EKS::Cluster": "Name",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::OpenSearchService::Domain": "DomainName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBParameterGroup": "DBParameterGroupName",
    "AWS::Redshift::Cluster": "ClusterIdentifier",
    "AWS::Redshift::ClusterParameterGroup": "ParameterGroupName",
    "AWS::S3::Bucket": "BucketName",
}
_REGIONAL: Final = "arn:{Partition}:%s:{Region}:{AccountId}:%s"
_GLOBAL: Final = "arn:{Partition}:iam::{AccountId}:%s"

PATTERNS: Final[dict[tuple[str, str], str]] = {
    **{(type_, ""): f"{{{name}}}" for type_, name in _NAMES.items()},
    ("AWS::CloudTrail::Trail", "Arn"): _REGIONAL % ("cloudtrail", "trail/{TrailName}"),
    ("AWS::DynamoDB::Table", "Arn"): _REGIONAL % ("dynamodb", "table/{TableName}"),
    ("AWS::ECR::Repository", "Arn"): _REGIONAL % ("ecr", "repository/{RepositoryName}"),
    ("AWS::EKS::Cluster", "Arn"): _REGIONAL % ("eks", "cluster/{Name}"),
    ("AWS::IAM::Group", "Arn"): _GLOBAL % "group{Path=/}{GroupName}",
    ("AWS::IAM::ManagedPolicy", "Arn"): _GLOBAL % "policy{Path=/}{ManagedPolicyName}",
    ("AWS::IAM::Role", "Arn"): _GLOBAL % "role{Path=/}{RoleName}",
    ("AWS::IAM::User", "Arn"): _GLOBAL % "user{Path=/}{UserName}",
    ("AWS::Kinesis::Stream", "Arn"): _REGIONAL % ("kinesis", "stream/{Name}"),
    ("AWS::KinesisFirehose::DeliveryStream", "Arn"): _REGIONAL % ("firehose", "deliverystream/{DeliveryStreamName}"),
    ("AWS::Lambda::Function", "Arn"): _REGIONAL % ("lambda", "function:{FunctionName}"),
    ("AWS::OpenSearchService::Domain", "Arn"): _REGIONAL % ("es", "domain/{DomainName}"),
    ("AWS::RDS::DBCluster", "Arn"): _REGIONAL % ("rds", "cluster:{DBClusterIdentifier}"),
    ("AWS::RDS::DBInstance", "Arn"): _REGIONAL % ("rds", "db:{DBInstanceIdentifier}"),
    ("AWS::S3::Bucket", "Arn"): "arn:{Partition}:s3:::{BucketName}",
    ("AWS::SNS::Topic", "Arn"): _REGIONAL % ("sns", "{TopicName}"),
    ("AWS::SQS::Queue", "Arn"): _REGIONAL % ("sqs", "{QueueName}"),
}
PATTERNS[("AWS::SNS::Topic", "")] = PATTERNS["AWS::SNS::Topic", "Arn"]
PATTERNS[("AWS::IAM::ManagedPolicy", "")] = PATTERNS["AWS::IAM::ManagedPolicy", "Arn"]
