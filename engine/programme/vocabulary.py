"""The words of auditors' requests: what they call kinds of evidence, what runs show, and what organisations state.

A name is a kind of evidence, or ``@topic`` (what checks show, see :data:`TOPICS`), or ``#part`` (a part of the
organisation's own statements), or ``-``: words that are known, and name nothing that is kept. A name's phrases are
written as :mod:`engine.programme.phrases` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

NOTHING: Final = "-"

PHRASES: Final[Mapping[str, str]] = {
    # --- documents
    "information_security_policy": (
        "information/infosec/cyber+security/cybersecurity security policy; security policy; infosec policy; "
        "cybersecurity policy"
    ),
    "code_of_conduct": "code+of+conduct; code+of+ethics; employee handbook; staff handbook",
    "access_policy": (
        "access control/management/provisioning policy/standard/procedure; access policy; logical access control "
        "policy/standard/procedure; identity access management policy/standard/procedure"
    ),
    "acceptable_use_policy": "acceptable+use",
    "change_management_policy": "change management/control policy/procedure/standard/process/sop",
    "secure_development_policy": (
        "sdlc; development life+cycle/lifecycle; secure development/coding policy/standard/guideline; software "
        "development policy/standard/methodology/procedure"
    ),
    "cryptography_policy": (
        "encryption/cryptograph* policy/standard/procedure; key+management policy/standard/procedure"
    ),
    "data_classification_policy": (
        "data+classification; information+classification; data handling policy/procedure; classification "
        "policy/scheme; classification handling"
    ),
    "incident_response_plan": "incident response/management/handling plan/policy/procedure; irp",
    "continuity_plan": (
        "continuity plan/policy; disaster+recovery plan/policy/procedure; dr plan/policy/procedure; contingency "
        "plan; bcp; drp; bcdr plan/policy"
    ),
    "risk_management_policy": "risk management/assessment policy/methodology/framework/procedure; risk methodology",
    "vendor_management_policy": (
        "vendor/supplier/third+party/subprocessor management/risk policy/procedure/standard/program; "
        "vendor/supplier/procurement policy"
    ),
    "physical_security_policy": "physical security/access policy/procedure; physical+security policy",
    "privacy_policy": "internal privacy policy; privacy policy",
    # --- records
    "access_request": (
        "new hire/joiner/starter access approval/request/provisioning; access request/provisioning; "
        "access+approval/access+approved/approval+of+access; approval/approved before/prior access; provision* "
        "access; new user access/setup; role change/transfer; access grant*"
    ),
    "access_review": (
        "access/account/entitlement/permission/privilege review/recertif*/certification/attestation; uar; "
        "user+review; entitlement recertif*; shared/generic account; recertif*"
    ),
    "asset_inventory": (
        "asset inventory/list*/register; inventory ... asset; cmdb; system/hardware/software inventory"
    ),
    "background_check": (
        "background check vendor; background check/screen*/verification/investigation; reference check; criminal "
        "check; new hire/joiner/starter/employee/recruit; newly hired; employee/personnel/staff/contractor hired; "
        "recent hire; hire population/list*; pre+employment screening"
    ),
    "backup_report": "backup; back+up",
    "board_minutes": "board/committee/director meeting/minute/agenda; board+of+director meeting/minute",
    "breach_register": "breach register/log; personal data breach; privacy breach",
    "capacity_review": "capacity review/monitor*/plan*/report/forecast*/dashboard/management",
    "change_review": (
        "emergency change; list*/population emergency change; hotfix; change emergency list*/log; "
        "segregat*/separat* development/test/staging production; segregat*/separat* environment"
    ),
    "concern_register": "whistleblow*; ethics/compliance/anonymous hotline; hotline; grievance log/register",
    "confidentiality_agreement": "nda; confidentiality/non+disclosure/nondisclosure agreement; non+disclosure",
    "configuration_history": "configuration history/recorder; aws+config",
    "configuration_scan_report": (
        "harden*; cis benchmark; configuration/baseline standard/benchmark; baseline configuration"
    ),
    "consent_review": "consent record/management/collect*",
    "continuity_exercise": (
        "disaster+recovery test*/exercise/drill/simulation; continuity test*/exercise/drill/simulation; "
        "disaster+recovery/continuity plan test*/exercise/drill; bcp/drp/dr/bcdr test*/exercise/drill; failover "
        "test*"
    ),
    "customer_notice": (
        "customer notif*/notice/inform*/communicat* change/incident/outage/maintenance; release+note; customer "
        "notif*"
    ),
    "data_flow_diagram": "data+flow; dataflow; network/architecture/infrastructure/system diagram",
    "data_inventory": (
        "data inventory/map/mapping; register confidential data; confidential/sensitive/customer data "
        "inventory/location/stored; inventory ... confidential/sensitive/customer data stored"
    ),
    "data_quality_review": "data quality review",
    "deletion_record": (
        "data delet*/purg*/destruct*/destroyed/erasure; customer offboard*; customer data delet*/purg*/destroyed; "
        "data delet* policy; deletion request/record/log/confirmation/certificate"
    ),
    "device_inventory": (
        "laptop/workstation/endpoint/device inventory/list*/encryption/status; mobile+device+management; mdm; "
        "antivirus; anti+virus; anti+malware; endpoint protection/security; malware protection"
    ),
    "disclosure_register": "disclosure register/log; disclos* personal information/data",
    "disposal_record": (
        "media/device/hardware/equipment/asset dispos*/destruct*/destroyed/sanitiz*/sanitis*/wiped; "
        "certificate+of+destruction"
    ),
    "edge_firewall_configuration": "cdn/edge/cloudfront firewall/waf",
    "external_access_review": "access+analyzer; external access review",
    "incident_exercise": (
        "incident tabletop/table+top/exercise/drill/simulation/test/testing; incident response plan "
        "test/testing/exercise/tabletop; tabletop; table+top exercise"
    ),
    "incident_register": (
        "security incident/event/breach; incident log/list*/register/ticket/record/population/report; root+cause; "
        "lesson+learned; post+mortem; postmortem"
    ),
    "internal_audit": "internal audit/assessment; self+assessment; control monitoring/testing result/report",
    "leaver_record": (
        "terminat* employee/user/personnel/contractor/staff/individual/worker; termination; leaver; offboard* "
        "employee/personnel/staff/checklist/ticket; offboard*; separat* employee/personnel/staff; departed "
        "employee/staff; deprovision*; exit checklist; access removal/revocation/revoked"
    ),
    "management_review": (
        "management review meeting/minute; management review change; steering+committee; "
        "security/management/leadership meeting minute"
    ),
    "organization_chart": (
        "org/organization/organizational/organisation/organisational chart; organogram; orgchart; "
        "organizational/organisational/reporting structure"
    ),
    "output_review": "output recipient/distribution review",
    "patch_report": "patch*",
    "penetration_test": "penetration test*; pen+test*; pentest*",
    "performance_review": "performance review/evaluation/apprais*; apprais*; annual evaluation",
    "physical_access_review": (
        "badge access; badge list*/system/review; badge/physical/facility/office access review/list*; visitor "
        "log/register"
    ),
    "policy_acknowledgement": (
        "acknowledg* ... policy/conduct/handbook/procedure; attest* ... policy/conduct/handbook"
    ),
    "privacy_notice": "privacy notice/statement",
    "privacy_request_register": "data+subject request; dsar; privacy request",
    "privacy_review": "privacy complaint/review/monitoring",
    "processing_register": "record+of+processing; ropa; processing activity",
    "processing_specification": "processing specification",
    "processor_review": "data+processing agreement; processor agreement/review",
    "reconciliation": "reconcil*",
    "reporting_channel": (
        "vulnerability+disclosure; responsible+disclosure; bug+bounty; report* incident/concern "
        "customer/external; security contact page/address"
    ),
    "restore_test": "restor* test; test+restor*; backup restor* test*; backup restor*; test+recovery; recovery+test",
    "retention_review": "retention review",
    "retention_schedule": (
        "retention ... delet*/deletion policy; retention+schedule; retention+policy; data+retention; "
        "record+retention; retention+and+disposal"
    ),
    "risk_register": "risk assessment; risk+register; register+of+risk; risk treatment; fraud risk; risk+analysis",
    "role_descriptions": (
        "job/role/position description; board/committee charter; board independen*; role+and+responsibility"
    ),
    "security_objectives": "security objective; objective security; risk tolerance/appetite",
    "server_inventory": "server inventory/list*",
    "service_commitments": (
        "service+level+agreement; sla customer/template; service commitment; master+service* agreement; msa; "
        "customer agreement/contract template; terms+of+service"
    ),
    "threat_detection_report": "intrusion detection/prevention; threat detection; guardduty; intrusion",
    "threat_findings_report": "intrusion/guardduty/threat ... finding; threat finding",
    "training": (
        "security/awareness training; training complet*/record/log/report/material/attend*; awareness "
        "program/campaign; phishing simulation/campaign/test; phishing training"
    ),
    "vendor_register": (
        "vendor/supplier/third+party/subprocessor/service+provider "
        "list*/inventory/register/population/risk/assessment/contract; vendor/supplier due+diligence; "
        "sample+of+vendor/sample+of+supplier/sample+vendor; vendor/supplier ... risk assessment; "
        "third+party+service+provider list*"
    ),
    "vendor_report": (
        "soc/soc+2/soc2/soc+1/soc1 report; soc/soc+2/soc2/soc+1 report ... subservice/vendor/provider/hosting; "
        "soc/soc+2/soc2 report ... subservice organization/organisation; bridge+letter; gap+letter; data+center; "
        "data+centre; environmental protection/control/safeguard; fire+suppression"
    ),
    "vulnerability_ageing_report": "vulnerability remediat*/resolution/resolved/sla/ageing/aging/backlog",
    "vulnerability_scan_report": "vulnerability scan*; container/image scan*; scan report",
    "web_firewall_configuration": "waf; web+application+firewall; web+application+firewall rule/config*/setting",
    # --- what runs show
    "@multi_factor": "multi+factor; multifactor; mfa; 2fa; two+factor; second+factor",
    "@root_user": "root account/user/login/credential; root account mfa",
    "@passwords": "password policy/config*/setting/requirement/complexity/length/parameter/standard",
    "@access_keys": "access+key; access+key rotat*; api+key rotat*",
    "@unused_access": "dormant/inactive/stale/unused account/user/credential/access; inactiv* ... disabled",
    "@administrators": (
        "admin*/privileged access/account/user/right/permission/role; admin*/privileged user access; list* user "
        "admin*/privileged access; list* admin*"
    ),
    "@users": "user list*/population; list* user access; active user; user account list*",
    "@least_privilege": "least+privilege",
    "@encryption_at_rest": "encrypt* at+rest; encrypt* stored; database/bucket/storage/volume encrypt*",
    "@keys": "key rotat*; kms; customer+managed+key; encryption key managed; key+management",
    "@encryption_in_transit": "tls; ssl; https; encrypt* transit/transmission; transit/transmission encrypt*",
    "@network": (
        "security+group; firewall; network access control; firewall rule/config*/setting/policy; ssh; rdp; open "
        "port; network acl; network segmentation"
    ),
    "@public_storage": "bucket/storage/object public*; public* access bucket/storage",
    "@public_databases": "database public*",
    "@audit_trail": "cloudtrail; cloud+trail; audit+log*; audit+trail; activity+log",
    "@log_retention": "log* retention/retained; retention log*",
    "@flow_logs": "flow+log",
    "@alarms": (
        "monitor* alert; alert/alarm config*/rule/generat*/example/setting; security alert; cloudwatch alarm; "
        "alarm"
    ),
    "@branches": "branch protect*; protected+branch; branch+rule",
    "@changes": (
        "pull+request; pr export/list*; code+review; change deployed/deployment/production/release; production "
        "release; change+ticket/change+request/change+list/change+listing/change+log/change+population; "
        "list+of+change; population+of+change; list* code/software/application change; merged pull+request; "
        "deployment log/list*/history"
    ),
    "@code_scanning": "secret/dependency/code scan*; dependabot; sast",
    "@secrets": "secret manager/management/rotat*/stored/vault; secrets+manager",
    "@zones": "multi+az; availability+zone; redundan*; high+availability; multi+zone",
    "@scaling": "auto+scal*; autoscal*",
    "@drift": "drift",
    # --- what the organisation states
    "#system": "system+description; description+of+the+system; section+iii",
    "#subservices": "subservice organization/organisation/list*; sub+service organization/organisation",
    "#user_entity_controls": "user+entity control; cuec; complementary user+entity control",
    "#controls": "control matrix; list* control; control list*/catalog*/narrative; rcm; risk control matrix",
    "#boundary": "boundary scope; system boundary; scope exclusion",
    "#waivers": (
        "accepted+risk; risk+acceptance; policy exception; exception register/list*; policy exception ... "
        "register"
    ),
    # --- what is asked for and is none of these
    NOTHING: (
        "representation letter; set+of ... policy; all+policy; policy procedure set/all; uptime sla; management "
        "assertion; prior+soc+2/previous+soc+2/year+soc+2/our+soc+2/your+soc+2/own+soc+2 report; "
        "prior+soc/previous+soc report; insurance certificate; cyber+insurance; access ... audit/auditor team"
    ),
}  # fmt: skip

TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "multi_factor": ("aws.iam.user_console_mfa_enabled", "aws.cognito.user_pool_mfa", "azure.entra.*mfa*",
                     "gcp.iam.two_step_verification", "github.org.two_factor_required"),
    "root_user": ("aws.iam.root_*",),
    "passwords": ("aws.iam.password_policy_*",),
    "access_keys": ("aws.iam.user_access_key_rotated", "aws.iam.user_single_active_access_key",
                    "azure.storage.key_rotated", "gcp.iam.service_account_key_rotated",
                    "gcp.iam.service_account_no_user_keys", "gcp.apikeys.*"),
    "unused_access": ("aws.iam.user_credentials_used_or_disabled", "aws.iam.role_unused_removed",
                      "azure.entra.stale_users_disabled", "gcp.iam.service_account_unused_removed"),
    "administrators": ("aws.iam.administrator_access_limited", "azure.entra.global_admins_limited",
                       "azure.authorization.owners_limited", "gcp.iam.no_basic_roles"),
    "users": ("aws.iam.user_credentials_used_or_disabled", "azure.entra.stale_users_disabled",
              "gcp.iam.two_step_verification"),
    "least_privilege": ("aws.iam.policy_no_full_admin", "aws.iam.inline_policy_no_full_admin",
                        "aws.iam.policy_no_privilege_escalation", "aws.iam.user_no_direct_policies",
                        "azure.authorization.no_custom_owner_roles", "gcp.iam.no_basic_roles"),
    "encryption_at_rest": ("aws.s3.bucket_default_encryption", "aws.ec2.ebs_*encrypt*", "aws.efs.encrypted",
                           "aws.rds.*encrypted", "aws.redshift.encrypted", "aws.opensearch.encrypted",
                           "aws.elasticache.encrypted", "aws.backup.*encrypted",
                           "azure.storage.infrastructure_encryption", "azure.sql.tde_enabled",
                           "azure.compute.vm_disks_encrypted", "gcp.*.*customer_key",
                           "gcp.storage.cmek"),
    "keys": ("aws.kms.key_*", "azure.keyvault.key_rotation_or_expiry", "gcp.kms.key_*"),
    "encryption_in_transit": ("aws.cloudfront.viewer_https", "aws.elbv2.listener_encrypted",
                              "aws.elb.classic_listener_encrypted", "aws.s3.bucket_tls_only", "*.*.*tls*"),
    "network": ("aws.ec2.security_group_*", "aws.ec2.default_security_group_closed", "aws.ec2.nacl_*",
                "azure.network.nsg_*", "azure.network.subnet_has_nsg", "gcp.compute.firewall_*",
                "gcp.compute.network_policies_no_open_ports"),
    "public_storage": ("aws.s3.*public*", "azure.storage.blob_public_access_disabled", "gcp.storage.*public*"),
    "public_databases": ("aws.rds.*not_public", "aws.redshift.not_public", "azure.sql.no_open_firewall",
                         "gcp.sql.no_public_ip"),
    "audit_trail": ("aws.cloudtrail.multi_region_trail", "aws.cloudtrail.log_file_validation",
                    "azure.monitor.activity_log_exported", "gcp.logging.sink_all_entries",
                    "gcp.iam.audit_config_data_access"),
    "log_retention": ("aws.logs.group_retention", "azure.monitor.log_retention", "azure.sql.audit_retention",
                      "gcp.logging.bucket_retention"),
    "flow_logs": ("*.*.*flow_log*",),
    "alarms": ("aws.cloudwatch.*", "azure.monitor.alert_*", "gcp.monitoring.alert_*"),
    "branches": ("github.repo.branch_protection_reviews", "github.repo.code_owner_reviews",
                 "github.repo.status_checks_required", "github.repo.protection_covers_admins"),
    "changes": ("github.changes.*",),
    "code_scanning": ("github.repo.secret_and_dependency_scanning",),
    "secrets": ("aws.secretsmanager.*", "azure.keyvault.secret_expiry_set", "gcp.secretmanager.*"),
    "zones": ("*.*.*multi_az", "aws.elasticache.automatic_failover", "azure.*.*high_availability",
              "azure.sql.zone_or_geo_redundant", "gcp.sql.high_availability"),
    "scaling": ("aws.autoscaling.group_scaling_policy", "aws.dynamodb.capacity_scales",
                "azure.compute.scale_set_scales", "gcp.compute.instance_group_resilient"),
    "drift": ("aws.cloudformation.stack_*drift*",),
}  # fmt: skip
"""Patterns of the checks that show what a topic is about."""

BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "backup_report": ("aws.backup.*", "aws.rds.*backup_retention", "aws.rds.*restorable_recently", "azure.*.*backup*",
                      "azure.recoveryservices.*", "gcp.sql.backups_and_recovery"),
    "configuration_history": ("aws.config.recorder_all_regions",),
    "configuration_scan_report": ("aws.securityhub.enabled",),
    "edge_firewall_configuration": ("aws.cloudfront.waf_attached",),
    "external_access_review": ("aws.accessanalyzer.*",),
    "patch_report": ("aws.ssm.patch_compliant", "azure.compute.patch_assessment_current"),
    "restore_test": ("aws.backup.restore_proven", "azure.recoveryservices.restore_proven",
                     "gcp.backupdr.restore_proven"),
    "server_inventory": ("aws.ec2.instance_ssm_managed",),
    "threat_detection_report": ("aws.guardduty.enabled", "azure.defender.plans_enabled"),
    "threat_findings_report": ("aws.guardduty.findings_handled", "azure.defender.alerts_handled"),
    "vulnerability_ageing_report": ("aws.inspector2.findings_within_sla", "azure.defender.vulnerabilities_resolved"),
    "vulnerability_scan_report": ("aws.inspector2.enabled", "aws.ecr.scan_on_push",
                                  "azure.sql.vulnerability_assessment", "gcp.artifactregistry.scanning_enabled"),
    "web_firewall_configuration": ("aws.elbv2.waf_attached", "azure.network.waf_*",
                                   "gcp.compute.armor_policy_attached"),
}  # fmt: skip
"""The checks of the cloud's own product, which show as much as a record of another product does."""

TAKES_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "policy_acknowledgement": ("code_of_conduct", "information_security_policy", "acceptable_use_policy"),
    "vendor_report": ("#user_entity_controls", "vendor_register", "#subservices"),
    "penetration_test": ("vulnerability_ageing_report", "threat_findings_report"),
    "incident_exercise": ("incident_register",),
    NOTHING: ("vendor_report", "information_security_policy", "service_commitments"),
}
"""Names that are only spoken of where another one is asked for in the same clause."""
