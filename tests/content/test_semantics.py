"""Which tests prove that the traps of cloud semantics are not fallen into: one row a trap, by the numbers of the list.

The list is ``reference/semantics.md`` of the design material, beside the checkout; its items 8 and 9 are about Terraform
plans, those from 67 on about other clouds than AWS, of which those of Google Cloud (82 to 95) are here. A proof is

- a test: ``tests/<file>.py::<function>``;
- an example of a check, which is a test of its own: ``checks/<file>.yaml::<name>``;
- a row of the table of the policy-document library: ``policy_documents.yaml::<about>: <why>``.
"""
# ruff: noqa: E501 - a proof is a name

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.expressions.policy_table import cases

CHECKOUT = Path(__file__).resolve().parents[2]
LIST = CHECKOUT.parent / "shared" / "reference" / "semantics.md"
ITEMS = {*range(1, 8), *range(10, 67), *range(82, 96)}

# What is still to be proved, in whole or in part. An item that stands here and has no row below has no proof at all.

PROOFS: dict[int, tuple[str, tuple[str, ...]]] = {
    # --- cross-cutting ---
    1: (
        "Absent attribute",
        (
            "tests/content/test_checks.py::test_no_null_is_an_error_and_no_verdict_stands_on_what_was_not_read",
            "tests/unit/test_lift.py::test_an_attribute_that_must_be_there_is_missing_when_it_is_not",
            "tests/unit/test_runner.py::test_a_property_that_a_reader_forgets_is_unread_not_null",
        ),
    ),
    2: (
        "Access denied",
        (
            "tests/end_to_end/test_faults.py::test_a_fault_turns_no_verdict_into_another",
            "tests/end_to_end/test_faults.py::test_denied_everything_nothing_passes_and_nothing_is_silent",
            "tests/end_to_end/test_pipeline.py::test_a_denied_listing_makes_the_run_incomplete_and_names_the_permission",
            "tests/unit/test_outcomes.py::test_the_operation_that_failed_is_blamed_and_the_permission_that_it_lacked",
        ),
    ),
    3: (
        "Empty inventory",
        (
            "tests/unit/test_conclude.py::test_a_complete_listing_of_nothing_is_a_population_of_none_and_no_pass",
            "tests/unit/test_report_text.py::test_a_complete_listing_of_nothing_says_none_exist_and_passes_nothing",
            "tests/collectors/test_aws_cloudtrail.py::test_an_account_without_a_trail_fails",
        ),
    ),
    4: (
        "Pagination",
        (
            "tests/end_to_end/test_calls.py::test_pages_of_one_item_show_what_whole_pages_show",
            "tests/end_to_end/test_calls.py::test_the_ledger_holds_every_request",
            "tests/end_to_end/test_hostile.py::test_pages_in_a_circle_end",
            "tests/collectors/test_aws_logs.py::test_a_page_that_fails_leaves_the_listing_incomplete",
        ),
    ),
    5: (
        "Disabled and opt-in regions",
        (
            "tests/unit/test_aws_discovery.py::test_the_enabled_regions_are_scopes_and_the_others_are_facts",
            "tests/unit/test_report_text.py::test_every_region_that_is_not_enabled_is_named",
        ),
    ),
    6: (
        "Global services in a region loop",
        (
            "tests/unit/test_planner.py::test_a_global_type_is_listed_once_and_a_regional_one_in_each_region",
            "tests/unit/test_aws_discovery.py::test_global_services_are_asked_where_the_partition_keeps_them",
            "tests/collectors/test_aws_s3.py::test_buckets_are_listed_once_for_the_whole_account",
        ),
    ),
    7: (
        "Time arithmetic",
        (
            "tests/end_to_end/test_pipeline.py::test_a_stored_snapshot_is_judged_as_of_its_own_moment",
            "tests/end_to_end/test_determinism.py::test_a_snapshot_is_judged_the_same_on_another_day",
            "checks/aws/iam/user_access_key_rotated.yaml::exactly at the limit",
            "checks/aws/iam/user_access_key_rotated.yaml::one second over the limit",
        ),
    ),
    10: (
        "Exceptions",
        (
            "tests/unit/test_conclude.py::test_a_waived_failure_is_still_a_failure_observed",
            "tests/unit/test_report_json.py::test_a_waived_failure_stays_a_failure_with_its_waiver_beside_it",
            "tests/unit/test_waivers.py::test_an_expired_waiver_shows_the_failures_that_it_no_longer_covers",
        ),
    ),
    # --- identity ---
    11: (
        "Credential report is asynchronous and cached",
        (
            "tests/collectors/test_aws_iam.py::test_the_report_is_polled_until_it_is_ready",
            "tests/collectors/test_aws_iam.py::test_a_report_that_is_never_ready_leaves_credentials_unknown",
            "tests/collectors/test_aws_iam.py::test_root_in_the_report_is_no_user_and_the_time_of_the_report_is_kept",
        ),
    ),
    12: (
        "Root row",
        (
            "tests/collectors/test_aws_iam.py::test_root_in_the_report_is_no_user_and_the_time_of_the_report_is_kept",
            "tests/collectors/test_aws_iam.py::test_root_is_judged_by_the_summary",
            "tests/collectors/test_aws_iam.py::test_a_report_without_root_leaves_its_use_unknown",
        ),
    ),
    13: (
        "no_information, N/A, not_supported",
        (
            "tests/collectors/test_aws_iam.py::test_credentials_are_judged_by_the_report",
            "tests/collectors/test_aws_iam.py::test_recent_use_of_root_fails",
            "checks/aws/iam/user_credentials_used_or_disabled.yaml::created yesterday and not used yet",
            "checks/aws/iam/user_credentials_used_or_disabled.yaml::password idle, no use on record since it was set",
        ),
    ),
    14: (
        "Inactive keys",
        (
            "checks/aws/iam/user_access_key_rotated.yaml::an old key that is inactive is no rotation failure",
            "checks/aws/iam/user_credentials_used_or_disabled.yaml::an idle key that is inactive does not count",
            "tests/collectors/test_aws_iam_lifecycle.py::test_a_second_active_key_fails_and_a_user_without_group_does",
        ),
    ),
    15: (
        "Console MFA scope",
        (
            "tests/collectors/test_aws_iam.py::test_credentials_are_judged_by_the_report",
            "checks/aws/iam/user_console_mfa_enabled.yaml::keys only",
            "checks/aws/iam/user_console_mfa_enabled.yaml::created after the report was made",
        ),
    ),
    16: (
        "Virtual root MFA",
        (
            "tests/collectors/test_aws_iam.py::test_root_is_judged_by_the_summary",
            "checks/aws/iam/root_hardware_mfa.yaml::a virtual device beside a hardware key",
        ),
    ),
    17: (
        "Centrally removed root credentials",
        (
            "tests/collectors/test_aws_iam.py::test_root_is_judged_by_the_summary",
            "checks/aws/iam/root_mfa_enabled.yaml::root credentials removed centrally",
            "checks/aws/iam/root_mfa_enabled.yaml::no device and AWS does not say whether there is a password",
            "checks/aws/iam/root_hardware_mfa.yaml::no root password",
        ),
    ),
    18: (
        "Policy admin detection",
        (
            "policy_documents.yaml::Everything on everything: everything, written otherwise",
            "policy_documents.yaml::Everything on everything: everything but IAM",
            "policy_documents.yaml::Everything on everything: everything but a bucket",
            "policy_documents.yaml::Everything on everything: a denial of some actions",
            "policy_documents.yaml::Less than everything: all denied",
            "policy_documents.yaml::Less than everything: with MFA",
            "policy_documents.yaml::Less than everything: a statement without a resource",
            "tests/unit/expressions/test_policy_requests.py::test_no_policy_that_allows_what_nobody_has_heard_of_is_called_less_than_everything",
            "tests/collectors/test_aws_iam.py::test_attached_policies_are_judged_and_unattached_ones_are_not",
        ),
    ),
    19: (
        "Default version",
        (
            "tests/collectors/test_aws_iam.py::test_the_default_version_is_the_one_judged",
            "tests/collectors/test_aws_iam.py::test_attached_policies_are_judged_and_unattached_ones_are_not",
            "tests/collectors/test_aws_iam.py::test_a_policy_that_is_only_a_boundary_gives_nobody_anything",
        ),
    ),
    20: (
        "list_roles omits RoleLastUsed",
        (
            "tests/collectors/test_aws_iam_lifecycle.py::test_roles_are_judged_by_their_last_use_else_by_their_creation",
            "tests/collectors/test_aws_iam_lifecycle.py::test_a_role_without_word_of_its_use_is_unknown",
            "checks/aws/iam/role_unused_removed.yaml::never used, and old",
        ),
    ),
    21: (
        "Service-linked and SSO roles",
        (
            "tests/collectors/test_aws_iam_lifecycle.py::test_roles_are_judged_by_their_last_use_else_by_their_creation",
            "tests/collectors/test_aws_iam.py::test_roles_that_anyone_may_assume_fail",
            "checks/aws/iam/role_trust_not_public.yaml::AWS's own service-linked role",
        ),
    ),
    22: (
        "Trust policy AWS: *",
        (
            "policy_documents.yaml::Roles that strangers can assume: everyone",
            "policy_documents.yaml::Roles that strangers can assume: an external id identifies nobody",
            "policy_documents.yaml::Roles for someone in particular: an organization",
            "policy_documents.yaml::Roles for someone in particular: roles of an account",
            "policy_documents.yaml::Roles for someone in particular: an account",
            "tests/unit/expressions/test_policy_requests.py::test_no_role_that_a_stranger_can_assume_is_called_closed",
        ),
    ),
    23: (
        "OIDC trust",
        (
            "policy_documents.yaml::Tokens of any subject: any repository",
            "policy_documents.yaml::Tokens of any subject: no condition",
            "policy_documents.yaml::Tokens of any subject: the audience is the same for everyone",
            "policy_documents.yaml::Tokens of any subject: ForAllValues is true on a missing key",
            "policy_documents.yaml::Roles that strangers can assume: the audience alone",
            "tests/collectors/test_aws_iam_lifecycle.py::test_a_role_for_a_ci_service_must_pin_the_subject",
            "tests/unit/expressions/test_policy_requests.py::test_no_role_that_accepts_a_strangers_token_has_its_subject_called_pinned",
        ),
    ),
    24: (
        "Password policy absent",
        (
            "tests/collectors/test_aws_iam.py::test_no_password_policy_fails_every_demand_on_it",
            "checks/aws/iam/password_policy_length.yaml::no policy is set and AWS's default of eight characters holds",
            "tests/unit/test_runner.py::test_a_code_that_documents_absence_gives_the_declared_value_else_null",
        ),
    ),
    # --- S3 and policies ---
    25: (
        "Public access block is an OR of levels",
        (
            "tests/collectors/test_aws_s3.py::test_what_the_account_blocks_no_bucket_exposes",
            "tests/collectors/test_aws_s3.py::test_the_account_must_block_in_all_four_ways",
            "checks/aws/s3/account_public_access_block.yaml::nothing configured",
        ),
    ),
    26: (
        "A block does not clean data",
        (
            "tests/collectors/test_aws_s3.py::test_only_the_flag_that_stops_it_excuses_what_is_public",
            "checks/aws/s3/bucket_policy_not_public.yaml::new public policies are rejected, this one is in force",
            "checks/aws/s3/bucket_acl_not_public.yaml::everyone, and only new public ACLs are rejected",
        ),
    ),
    27: (
        "Public determination",
        (
            "policy_documents.yaml::Conditions that leave only callers whom someone chose: StringEquals aws:SourceVpc: a network",
            "policy_documents.yaml::Conditions that leave only callers whom someone chose: IpAddress aws:SourceIp: the broadest IPv4 block that Amazon takes for fixed",
            "policy_documents.yaml::Conditions that leave only callers whom someone chose: IpAddress aws:SourceIp: the broadest IPv6 block",
            "policy_documents.yaml::Conditions that anyone can meet: IpAddress aws:SourceIp: the internet",
            "policy_documents.yaml::Conditions that anyone can meet: IpAddress aws:SourceIp: broader than /8",
            "policy_documents.yaml::Conditions that anyone can meet: IpAddress aws:SourceIp: broader than /32",
            "policy_documents.yaml::Conditions that anyone can meet: StringEquals aws:Referer: a header that anyone can send",
            "policy_documents.yaml::Conditions that anyone can meet: StringLike aws:UserAgent: a header that anyone can send",
            "tests/unit/expressions/test_policy_requests.py::test_no_policy_that_lets_a_stranger_in_is_called_private",
        ),
    ),
    28: (
        "NotPrincipal / NotAction with Allow",
        (
            "policy_documents.yaml::NotPrincipal: everyone but a role",
            "policy_documents.yaml::NotPrincipal: a refusal of everyone but a role",
            "policy_documents.yaml::A Deny beside an Allow for everyone: of everyone but a role",
            "policy_documents.yaml::Roles for someone in particular: nothing is assumed by NotAction",
        ),
    ),
    29: (
        "Principal forms",
        (
            "policy_documents.yaml::Principals of a resource policy: everyone",
            "policy_documents.yaml::Principals of a resource policy: everyone, as an object",
            "policy_documents.yaml::Principals of a resource policy: everyone, as a list",
            "policy_documents.yaml::Principals of a resource policy: a canonical user",
            "policy_documents.yaml::Principals of a resource policy: an orphan: the user was deleted",
            "tests/unit/expressions/test_policy_documents.py::test_how_a_policy_is_written_changes_no_answer",
        ),
    ),
    30: (
        "ACLs with ownership enforced",
        (
            "checks/aws/s3/bucket_acl_not_public.yaml::everyone, but ACLs are disabled",
            "checks/aws/s3/bucket_acl_not_public.yaml::everyone, no ownership controls",
        ),
    ),
    31: (
        "AuthenticatedUsers is public",
        (
            "checks/aws/s3/bucket_acl_not_public.yaml::whoever has an AWS account",
            "checks/aws/cloudtrail/log_bucket_not_public.yaml::whoever has an AWS account by the ACL",
        ),
    ),
    32: (
        "Default encryption",
        (
            "checks/aws/s3/bucket_default_encryption.yaml::S3's own keys",
            "checks/aws/s3/bucket_kms_encryption.yaml::no key named",
            "checks/aws/s3/bucket_kms_encryption.yaml::AWS's key by its alias",
            "tests/collectors/test_aws_s3.py::test_the_key_of_aws_is_known_by_its_alias_and_never_asked_for",
        ),
    ),
    33: (
        "TLS-only policy",
        (
            "policy_documents.yaml::Plain HTTP on a bucket and its objects: the usual form",
            "policy_documents.yaml::Plain HTTP on a bucket and its objects: the objects only",
            "policy_documents.yaml::Plain HTTP on a bucket and its objects: an Allow over TLS",
            "policy_documents.yaml::Plain HTTP on a bucket and its objects: old TLS, and no TLS",
            "tests/unit/expressions/test_policy_requests.py::test_no_policy_that_lets_plain_http_through_is_said_to_refuse_it",
        ),
    ),
    34: (
        "Versioning Suspended vs never on",
        (
            "checks/aws/s3/bucket_versioning.yaml::suspended",
            "checks/aws/s3/bucket_versioning.yaml::never configured",
            "tests/collectors/test_aws_s3.py::test_buckets_are_judged_by_their_settings_in_whatever_region_they_are",
        ),
    ),
    35: (
        "Lifecycle scope",
        (
            "tests/collectors/test_aws_s3_retention.py::test_a_bucket_disposes_of_objects_only_by_rules_for_all_of_them",
            "tests/collectors/test_aws_s3_retention.py::test_whether_there_are_versions_matters_only_where_the_rules_leave_them",
        ),
    ),
    36: (
        "Bucket region",
        (
            "tests/collectors/test_aws_s3.py::test_an_old_bucket_in_europe_lies_in_ireland",
            "tests/collectors/test_aws_s3.py::test_the_region_is_asked_for_only_where_the_listing_does_not_tell_it",
            "tests/collectors/test_aws_s3.py::test_buckets_are_judged_by_their_settings_in_whatever_region_they_are",
        ),
    ),
    # --- network, compute, data ---
    37: (
        "Security group sources",
        (
            "checks/aws/ec2/security_group_no_open_ssh.yaml::open to IPv6 alone",
            "checks/aws/ec2/security_group_no_open_ssh.yaml::two halves of the internet in two rules",
            "checks/aws/ec2/security_group_no_open_ssh.yaml::another group is not the internet",
            "tests/collectors/test_aws_vpc.py::test_prefix_lists_count_as_what_they_hold",
        ),
    ),
    38: (
        "Ports and protocols",
        (
            "checks/aws/ec2/security_group_no_open_ssh.yaml::all protocols have no ports",
            "checks/aws/ec2/security_group_no_open_ssh.yaml::a range that contains the port",
            "checks/aws/ec2/security_group_no_open_ssh.yaml::the protocol by its number",
            "checks/aws/ec2/security_group_no_open_ssh.yaml::ICMP has types in place of ports",
            "checks/aws/ec2/security_group_no_open_ssh.yaml::UDP is not SSH",
            "tests/unit/expressions/test_port_functions.py::test_a_rule_is_about_the_ports_in_its_range",
        ),
    ),
    39: (
        "Attached or not",
        (
            "tests/collectors/test_aws_vpc.py::test_a_message_says_what_uses_the_group",
            "tests/collectors/test_aws_vpc.py::test_an_unread_use_of_a_group_changes_no_verdict",
        ),
    ),
    40: (
        "NACL order",
        (
            "tests/unit/expressions/test_acl_functions.py::test_the_first_entry_that_matches_decides",
            "tests/collectors/test_aws_network_acls.py::test_the_first_entry_that_matches_decides",
        ),
    ),
    41: (
        "Default VPC regions",
        (
            "checks/aws/ec2/vpc_flow_logs_enabled.yaml::an unused default VPC",
            "checks/aws/ec2/vpc_flow_logs_enabled.yaml::a default VPC in use",
            "tests/collectors/test_aws_vpc.py::test_the_default_group_fails_while_it_has_rules",
        ),
    ),
    42: (
        "Flow logs",
        (
            "checks/aws/ec2/vpc_flow_logs_enabled.yaml::logs of all subnets",
            "checks/aws/ec2/vpc_flow_logs_enabled.yaml::a log of one subnet of two",
            "checks/aws/ec2/vpc_flow_logs_enabled.yaml::rejected traffic only",
            "tests/collectors/test_aws_vpc.py::test_a_log_whose_delivery_fails_is_none",
            "tests/collectors/test_aws_vpc.py::test_a_vpc_passes_by_its_own_log_or_by_those_of_all_its_subnets",
        ),
    ),
    43: (
        "IMDSv2",
        (
            "checks/aws/ec2/instance_imdsv2_required.yaml::the service is off",
            "tests/collectors/test_aws_ec2.py::test_instances_that_need_no_session_token_fail",
        ),
    ),
    44: (
        "Public instance",
        (
            "checks/aws/ec2/instance_no_public_ip.yaml::stopped, its automatic address given back",
            "checks/aws/ec2/instance_no_public_ip.yaml::IPv6 with a route to the internet gateway and a rule",
            "tests/collectors/test_aws_ec2.py::test_ipv6_counts_where_the_internet_has_a_route_and_a_rule",
        ),
    ),
    45: (
        "EBS",
        (
            "tests/collectors/test_aws_ec2.py::test_regions_without_default_encryption_fail",
            "tests/collectors/test_aws_ec2.py::test_volumes_without_encryption_fail",
            "tests/collectors/test_aws_ec2.py::test_snapshots_of_other_accounts_are_not_listed",
        ),
    ),
    46: (
        "RDS cluster members",
        (
            "tests/collectors/test_aws_rds.py::test_instances_are_judged_and_members_left_to_their_cluster",
            "tests/collectors/test_aws_databases.py::test_clusters_are_judged_once_and_other_services_are_not_rds",
        ),
    ),
    47: (
        "Read replicas",
        (
            "tests/collectors/test_aws_databases.py::test_a_replica_is_backed_up_at_its_source",
            "checks/aws/rds/backup_retention.yaml::a read replica is backed up at its source",
        ),
    ),
    48: ("PubliclyAccessible", ("checks/aws/rds/instance_not_public.yaml::public",)),
    49: (
        "Automated snapshots",
        (
            "tests/collectors/test_aws_databases.py::test_snapshots_shared_with_everyone_fail",
            "tests/collectors/test_aws_databases.py::test_snapshots_that_other_accounts_share_are_not_asked_for",
        ),
    ),
    50: (
        "Force TLS defaults",
        (
            "tests/collectors/test_aws_rds.py::test_the_default_of_an_engine_counts_where_its_parameter_group_shows_it",
            "tests/collectors/test_aws_rds.py::test_a_value_that_is_not_shown_is_the_default_of_the_engine",
            "checks/aws/rds/tls_required.yaml::the default of PostgreSQL 15",
            "checks/aws/rds/tls_required.yaml::member of a cluster",
        ),
    ),
    51: (
        "KMS rotation",
        (
            "tests/collectors/test_aws_kms.py::test_only_keys_that_have_rotation_as_a_setting_are_asked_and_judged",
            "tests/collectors/test_aws_kms.py::test_a_replica_is_left_to_its_primary",
            "checks/aws/kms/key_rotation.yaml::custom key store",
            "checks/aws/kms/key_rotation.yaml::managed by AWS",
        ),
    ),
    52: (
        "Root statement in key policies",
        (
            "policy_documents.yaml::Documents that AWS writes: the default policy of a key: root of the account is the account",
            "policy_documents.yaml::Documents that AWS writes: the key policy of an AWS managed key",
            "policy_documents.yaml::Conditions that anyone can meet: StringEquals kms:ViaService: through a service, for anyone",
            "tests/collectors/test_aws_kms.py::test_key_policies_open_to_everyone_fail",
        ),
    ),
    53: (
        "DynamoDB encryption",
        (
            "tests/collectors/test_aws_dynamodb.py::test_only_a_key_of_the_customers_passes",
            "checks/aws/dynamodb/customer_managed_key.yaml::a key that AWS owns",
        ),
    ),
    54: (
        "Secrets owned by services",
        (
            "tests/collectors/test_aws_secretsmanager.py::test_secrets_that_do_not_rotate_in_time_fail",
            "tests/collectors/test_aws_secretsmanager.py::test_a_secret_that_waits_for_its_deletion_is_not_judged",
            "checks/aws/secretsmanager/rotation_enabled.yaml::rotates under the service that made it",
        ),
    ),
    55: (
        "Lambda public access",
        (
            "policy_documents.yaml::Documents that AWS writes: a function URL without authentication",
            "policy_documents.yaml::Documents that AWS writes: a function that every bucket can trigger: a deputy that can be confused, and not public",
            "tests/collectors/test_aws_messaging.py::test_functions_that_everyone_may_invoke_fail",
            "tests/collectors/test_aws_messaging.py::test_a_public_alias_fails_its_function",
        ),
    ),
    56: (
        "Dead-letter logic",
        (
            "checks/aws/sqs/dead_letter_queue.yaml::is one itself",
            "tests/collectors/test_aws_messaging.py::test_dead_letters_need_a_queue_and_an_alarm_on_it",
            "tests/collectors/test_aws_lambda.py::test_a_function_that_polls_a_queue_is_judged_by_the_queue",
            "tests/collectors/test_aws_lambda.py::test_consumers_of_streams_need_a_bound_and_a_destination",
        ),
    ),
    57: (
        "ACM",
        (
            "tests/collectors/test_aws_acm.py::test_certificates_in_use_are_judged_by_their_end_and_their_renewal",
            "checks/aws/acm/certificate_not_expiring.yaml::the renewal failed",
            "checks/aws/acm/certificate_not_expiring.yaml::expired, and nothing uses it",
        ),
    ),
    # --- logging and detection ---
    58: (
        "Shadow and organization trails",
        (
            "tests/collectors/test_aws_cloudtrail.py::test_a_trail_is_found_once_in_its_home_region",
            "tests/collectors/test_aws_cloudtrail.py::test_an_organizations_trail_whose_selectors_a_member_may_not_read_is_unknown",
        ),
    ),
    59: (
        "IsLogging and errors",
        (
            "tests/collectors/test_aws_cloudtrail.py::test_a_trail_whose_bucket_refuses_the_files_does_not_count",
            "checks/aws/cloudtrail/multi_region_trail.yaml::stopped",
        ),
    ),
    60: (
        "Event selectors",
        (
            "tests/collectors/test_aws_cloudtrail.py::test_advanced_selectors_say_what_they_select",
            "tests/collectors/test_aws_cloudtrail.py::test_basic_selectors_say_what_they_select",
            "checks/aws/cloudtrail/multi_region_trail.yaml::writes only",
            "checks/aws/cloudtrail/multi_region_trail.yaml::without the events of KMS, which is accepted",
        ),
    ),
    61: (
        "Metric filters",
        (
            "tests/collectors/test_aws_cloudwatch.py::test_one_broken_link_means_that_nobody_hears",
            "tests/unit/expressions/test_alarm_functions.py::test_a_composite_alarm_goes_off_with",
            "tests/unit/expressions/test_filter_functions.py::test_patterns_that_match_the_same_events_are_equivalent",
            "checks/aws/cloudwatch/alarm_root_usage.yaml::written in another order",
        ),
    ),
    62: (
        "Retention absent = never expires",
        (
            "checks/aws/logs/group_retention.yaml::for ever",
            "checks/aws/logs/group_retention.yaml::for ever where that is not allowed",
        ),
    ),
    63: (
        "Config recorder",
        (
            "tests/collectors/test_aws_config.py::test_a_recorder_must_run_record_everything_and_deliver",
            "checks/aws/config/recorder_all_regions.yaml::stopped",
            "checks/aws/config/recorder_all_regions.yaml::all but global types, which another region records",
        ),
    ),
    64: (
        "GuardDuty and Security Hub membership",
        (
            "tests/collectors/test_aws_guardduty.py::test_each_region_needs_a_detector_that_is_enabled",
            "tests/collectors/test_aws_guardduty.py::test_a_detector_that_is_enabled_and_looks_at_nothing_does_not_watch",
            "tests/unit/test_aws_discovery.py::test_the_enabled_regions_are_scopes_and_the_others_are_facts",
        ),
    ),
    65: (
        "No findings is not evidence",
        (
            "tests/collectors/test_aws_guardduty.py::test_no_findings_count_only_where_a_detector_looks",
            "tests/collectors/test_aws_accessanalyzer.py::test_without_an_analyzer_nothing_is_said_to_be_settled",
            "tests/collectors/test_aws_accessanalyzer.py::test_an_analyzer_fails_by_findings_that_are_open_too_long_or_by_not_looking",
        ),
    ),
    66: (
        "Backup evidence",
        (
            "checks/aws/backup/tables_protected.yaml::point-in-time recovery counts",
            "checks/aws/backup/db_instances_protected.yaml::automated backups with point-in-time recovery count",
            "checks/aws/backup/volumes_protected.yaml::last backup too old",
            "tests/collectors/test_aws_databases.py::test_what_has_no_recent_recovery_point_fails",
        ),
    ),
    # --- Google Cloud ---
    82: (
        "Inheritance",
        (
            "checks/gcp/iam/no_basic_roles.yaml::a group is editor from above",
            "checks/gcp/iam/no_basic_roles.yaml::a policy above was not read",
            "checks/gcp/iam/no_public_bindings.yaml::a policy above was not read and does not matter",
            "tests/collectors/test_gcp_checks.py::test_a_verdict_follows_from_what_the_cloud_answers",
        ),
    ),
    83: (
        "allUsers and allAuthenticatedUsers are both public",
        (
            "checks/gcp/iam/no_public_bindings.yaml::everybody with an account on a condition",
            "checks/gcp/bigquery/dataset_not_public.yaml::everybody with an account",
            "checks/gcp/run/not_public.yaml::everybody with an account",
        ),
    ),
    84: (
        "Domain members",
        (
            "tests/unit/test_gcp_fields.py::test_how_many_a_member_is_is_known_or_said_not_to_be",
            "tests/collectors/test_gcp_directory.py::test_people_are_judged_by_whichever_way_they_hold_roles",
            "checks/gcp/bigquery/dataset_not_public.yaml::owners of the project",
        ),
    ),
    85: (
        "Uniform access and public access prevention",
        (
            "checks/gcp/storage/bucket_not_public.yaml::everybody by an access list",
            "checks/gcp/storage/public_access_prevention.yaml::by the organization",
            "checks/gcp/storage/public_access_prevention.yaml::by the organization and not in the project",
            "tests/collectors/test_gcp_checks.py::test_a_verdict_follows_from_what_the_cloud_answers",
        ),
    ),
    86: (
        "Audit configs",
        (
            "checks/gcp/iam/audit_config_data_access.yaml::all from above",
            "checks/gcp/iam/audit_config_data_access.yaml::somebody is exempted for one service",
            "tests/unit/test_gcp_fields.py::test_audit_configurations_add_up",
        ),
    ),
    87: (
        "Firewall defaults",
        (
            "tests/unit/expressions/test_vpc_firewall_functions.py::test_ports_that_a_rule_opens",
            "tests/unit/expressions/test_vpc_firewall_functions.py::test_ports_that_policies_open",
            "tests/collectors/test_gcp_checks.py::test_a_verdict_follows_from_what_the_cloud_answers",
            "tests/collectors/test_gcp_governance.py::test_verdicts_follow_from_what_the_cloud_answers",
        ),
    ),
    88: (
        "OS Login",
        (
            "checks/gcp/compute/instance_hardened_access.yaml::OS Login by the project",
            "checks/gcp/compute/instance_hardened_access.yaml::off by itself",
            "tests/collectors/test_gcp_services.py::test_a_verdict_follows_from_what_the_cloud_answers",
        ),
    ),
    89: (
        "Cluster nodes",
        (
            "checks/gcp/compute/instance_no_public_ip.yaml::node of a cluster",
            "checks/gcp/compute/instance_no_ip_forwarding.yaml::node of a cluster",
        ),
    ),
    90: (
        "Service account keys",
        (
            "checks/gcp/iam/service_account_no_user_keys.yaml::Google's own",
            "checks/gcp/iam/service_account_no_user_keys.yaml::disabled",
            "checks/gcp/iam/service_account_key_rotated.yaml::Google's own",
        ),
    ),
    91: (
        "KMS",
        (
            "checks/gcp/kms/key_rotation.yaml::signs",
            "checks/gcp/kms/key_rotation.yaml::destroyed",
            "checks/gcp/kms/key_rotation.yaml::imported only",
            "checks/gcp/kms/key_rotation.yaml::kept elsewhere",
            "tests/unit/test_gcp_fields.py::test_a_form_gives_a_plain_value_or_says_that_it_is_none",
        ),
    ),
    92: (
        "Log buckets and sinks",
        (
            "checks/gcp/logging/bucket_retention.yaml::fixed by Google",
            "checks/gcp/logging/sink_all_entries.yaml::one of the organization",
            "checks/gcp/logging/sink_all_entries.yaml::an exclusion",
        ),
    ),
    93: (
        "Cloud SQL",
        (
            "checks/gcp/sql/tls_required.yaml::from before there were modes",
            "checks/gcp/sql/no_public_ip.yaml::private and outgoing",
            "checks/gcp/sql/backups_and_recovery.yaml::replica",
        ),
    ),
    94: (
        "Subnets without flow logs by design",
        (
            "checks/gcp/compute/subnet_flow_logs.yaml::for proxies",
            "tests/collectors/test_gcp_services.py::test_a_verdict_follows_from_what_the_cloud_answers",
        ),
    ),
    95: (
        "API not enabled",
        (
            "tests/collectors/test_gcp_adapter.py::test_an_api_that_the_project_has_not_enabled_has_no_resources",
            "tests/collectors/test_gcp_adapter.py::test_an_api_that_another_project_has_not_enabled_says_nothing",
            "tests/collectors/test_gcp_adapter.py::test_a_listing_that_fails_is_never_complete",
        ),
    ),
}


@cache
def functions(path: str) -> frozenset[str]:
    """The tests of a module, without importing it."""
    tree = ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_")


@cache
def examples(path: str) -> frozenset[str]:
    """The names of a check's examples."""
    check: dict[str, Any] = yaml.load((CHECKOUT / path).read_bytes(), Loader=yaml.CSafeLoader)
    return frozenset(example["name"] for example in check["examples"])


def exists(proof: str) -> bool:
    path, _, name = proof.partition("::")
    if path == "policy_documents.yaml":
        return name in {case.id for case in cases()}
    if not (CHECKOUT / path).is_file():
        return False
    return name in (examples(path) if path.startswith("checks/") else functions(path))


def test_every_trap_that_concerns_aws_or_google_has_a_proof() -> None:
    assert set(PROOFS) == ITEMS
    assert all(proofs for _, proofs in PROOFS.values())


@pytest.mark.parametrize("number", sorted(PROOFS))
def test_the_proofs_of_a_trap_exist(number: int) -> None:
    _, proofs = PROOFS[number]
    assert [proof for proof in proofs if not exists(proof)] == []
    assert len(set(proofs)) == len(proofs)


def test_a_proof_that_does_not_exist_is_noticed() -> None:
    assert not exists("tests/content/test_semantics.py::test_that_nobody_wrote")
    assert not exists("tests/content/test_nothing.py::test_that_nobody_wrote")
    assert not exists("checks/aws/iam/root_mfa_enabled.yaml::an example that nobody wrote")
    assert not exists("policy_documents.yaml::a row that nobody wrote")


def test_the_rows_are_named_as_in_the_list() -> None:
    if not LIST.is_file():
        pytest.skip("the list of traps is not beside the checkout")
    listed = {
        int(number): re.sub(r"[`\"]", "", title).strip(". ")
        for number, title in re.findall(r"^(\d+)\. \*\*(.+?)\*\*", LIST.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = {number: title for number, (title, _) in PROOFS.items()}
    assert {number: listed[number].partition(" (")[0] for number in named} == named
