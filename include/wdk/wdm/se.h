/*
 * se.h: security: who somebody is (SID), what is granted to whom (ACE, ACL), and the descriptor
 * that holds both. WSK checks one where sockets share an address (WSK_CACHE_SD, SO_WSK_SECURITY).
 *
 * Functions may be called up to APC_LEVEL where nothing else is said. Those that read a SID, ACL or
 * descriptor trust the sizes in it, as on Windows.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

/* ---- access masks of files, which sockets have, too ----------------------------------------- */

#define FILE_READ_DATA 0x0001
#define FILE_WRITE_DATA 0x0002
#define FILE_APPEND_DATA 0x0004
#define FILE_READ_EA 0x0008
#define FILE_WRITE_EA 0x0010
#define FILE_EXECUTE 0x0020
#define FILE_READ_ATTRIBUTES 0x0080
#define FILE_WRITE_ATTRIBUTES 0x0100
#define FILE_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1FF)
#define FILE_GENERIC_READ \
  (STANDARD_RIGHTS_READ | FILE_READ_DATA | FILE_READ_ATTRIBUTES | FILE_READ_EA | SYNCHRONIZE)
#define FILE_GENERIC_WRITE                                                           \
  (STANDARD_RIGHTS_WRITE | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_WRITE_EA | \
   FILE_APPEND_DATA | SYNCHRONIZE)
#define FILE_GENERIC_EXECUTE \
  (STANDARD_RIGHTS_EXECUTE | FILE_READ_ATTRIBUTES | FILE_EXECUTE | SYNCHRONIZE)

/*
 * GENERIC_MAPPING: what each generic right stands for. IoGetFileObjectGenericMapping: for files:
 * FILE_GENERIC_READ and so on.
 *
 * IRQL     any
 * Page     ddi/wdm/ns-wdm-_generic_mapping, ddi/ntddk/nf-ntddk-iogetfileobjectgenericmapping
 */
typedef struct _GENERIC_MAPPING {
  ACCESS_MASK GenericRead;
  ACCESS_MASK GenericWrite;
  ACCESS_MASK GenericExecute;
  ACCESS_MASK GenericAll;
} GENERIC_MAPPING, *PGENERIC_MAPPING;

NTKERNELAPI PGENERIC_MAPPING IoGetFileObjectGenericMapping(VOID);

/* ---- SID ------------------------------------------------------------------------------------ */

/*
 * SID: a user or group: an authority and up to SID_MAX_SUB_AUTHORITIES numbers below it. As long as
 * SubAuthorityCount says.
 *
 * Page     ddi/ntifs/ns-ntifs-_sid
 */
typedef struct _SID_IDENTIFIER_AUTHORITY {
  UCHAR Value[6];
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;

typedef struct _SID {
  UCHAR Revision;
  UCHAR SubAuthorityCount;
  SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
  ULONG SubAuthority[1];
} SID, *PISID;

#define SID_REVISION 1
#define SID_MAX_SUB_AUTHORITIES 15
#define SID_RECOMMENDED_SUB_AUTHORITIES 1
#define SECURITY_MAX_SID_SIZE \
  (sizeof(SID) - sizeof(ULONG) + SID_MAX_SUB_AUTHORITIES * sizeof(ULONG))

#define SECURITY_NULL_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 0 }
#define SECURITY_WORLD_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 1 }
#define SECURITY_LOCAL_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 2 }
#define SECURITY_CREATOR_SID_AUTHORITY \
  { 0, 0, 0, 0, 0, 3 }
#define SECURITY_NT_AUTHORITY \
  { 0, 0, 0, 0, 0, 5 }

#define SECURITY_NULL_RID 0
#define SECURITY_WORLD_RID 0
#define SECURITY_LOCAL_RID 0
#define SECURITY_AUTHENTICATED_USER_RID 11
#define SECURITY_LOCAL_SYSTEM_RID 18
#define SECURITY_LOCAL_SERVICE_RID 19
#define SECURITY_NETWORK_SERVICE_RID 20
#define SECURITY_BUILTIN_DOMAIN_RID 32
#define DOMAIN_ALIAS_RID_ADMINS 544
#define DOMAIN_ALIAS_RID_USERS 545
#define DOMAIN_ALIAS_RID_GUESTS 546

/*
 * RtlInitializeSid: makes Sid one of so many sub-authorities, whose values RtlSubAuthoritySid's
 * result is to be set to. Sid has RtlLengthRequiredSid(SubAuthorityCount) bytes.
 *
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER: more than SID_MAX_SUB_AUTHORITIES.
 * Page     ddi/ntifs/nf-ntifs-rtlinitializesid, nf-ntifs-rtlsubauthoritysid,
 *          nf-ntifs-rtllengthrequiredsid
 */
NTSYSAPI NTSTATUS RtlInitializeSid(_Out_ PSID Sid,
                                   _In_ PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                   _In_ UCHAR SubAuthorityCount);
NTSYSAPI PULONG RtlSubAuthoritySid(_In_ PSID Sid, _In_ ULONG SubAuthority);
NTSYSAPI ULONG RtlLengthRequiredSid(_In_ ULONG SubAuthorityCount);

/*
 * RtlLengthSid: size of a SID in bytes. RtlValidSid: its revision and count are possible ones.
 * RtlEqualSid: the two are the same.
 *
 * Page     ddi/ntifs/nf-ntifs-rtllengthsid, nf-ntifs-rtlvalidsid, nf-ntifs-rtlequalsid
 */
NTSYSAPI ULONG RtlLengthSid(_In_ PSID Sid);
NTSYSAPI BOOLEAN RtlValidSid(_In_ PSID Sid);
NTSYSAPI BOOLEAN RtlEqualSid(_In_ PSID Sid1, _In_ PSID Sid2);

/* ---- ACL and ACE ---------------------------------------------------------------------------- */

/*
 * ACL: AceCount entries follow it, each as long as its header says. They count in their order: the
 * first that denies what is still wanted ends the matter.
 *
 * Page     ddi/wdm/ns-wdm-_acl
 */
typedef struct _ACL {
  UCHAR AclRevision;
  UCHAR Sbz1;
  USHORT AclSize;
  USHORT AceCount;
  USHORT Sbz2;
} ACL, *PACL;

#define ACL_REVISION 2
#define ACL_REVISION_DS 4

/*
 * ACCESS_ALLOWED_ACE, ACCESS_DENIED_ACE: Mask is granted to, or kept from, the SID that begins at
 * SidStart.
 *
 * Pages    ddi/ntifs/ns-ntifs-_ace_header, ns-ntifs-_access_allowed_ace,
 *          ns-ntifs-_access_denied_ace
 */
typedef struct _ACE_HEADER {
  UCHAR AceType;
  UCHAR AceFlags;
  USHORT AceSize;
} ACE_HEADER, *PACE_HEADER;

typedef struct _ACCESS_ALLOWED_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  ULONG SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;

typedef struct _ACCESS_DENIED_ACE {
  ACE_HEADER Header;
  ACCESS_MASK Mask;
  ULONG SidStart;
} ACCESS_DENIED_ACE, *PACCESS_DENIED_ACE;

#define ACCESS_ALLOWED_ACE_TYPE 0
#define ACCESS_DENIED_ACE_TYPE 1
#define SYSTEM_AUDIT_ACE_TYPE 2

#define OBJECT_INHERIT_ACE 0x01
#define CONTAINER_INHERIT_ACE 0x02
#define NO_PROPAGATE_INHERIT_ACE 0x04
#define INHERIT_ONLY_ACE 0x08
#define INHERITED_ACE 0x10

/*
 * RtlCreateAcl: an empty list in AclLength bytes. RtlAddAccessAllowedAce: adds an entry at its end.
 *
 * Returns  STATUS_SUCCESS. RtlCreateAcl: STATUS_BUFFER_TOO_SMALL; STATUS_INVALID_PARAMETER: the
 *          length or the revision is none of an ACL. RtlAddAccessAllowedAce: STATUS_INVALID_ACL,
 *          STATUS_INVALID_SID, STATUS_UNKNOWN_REVISION;
 *          STATUS_ALLOTTED_SPACE_EXCEEDED: no room in the list.
 * Pages    ddi/ntifs/nf-ntifs-rtlcreateacl, nf-ntifs-rtladdaccessallowedace
 */
NTSYSAPI NTSTATUS RtlCreateAcl(_Out_ PACL Acl, _In_ ULONG AclLength, _In_ ULONG AclRevision);
NTSYSAPI NTSTATUS RtlAddAccessAllowedAce(_Inout_ PACL Acl, _In_ ULONG AceRevision,
                                         _In_ ACCESS_MASK AccessMask, _In_ PSID Sid);

/* ---- descriptors ---------------------------------------------------------------------------- */

/*
 * SECURITY_DESCRIPTOR: the absolute form, which points to its parts. SECURITY_DESCRIPTOR_RELATIVE:
 * the form in one piece (SE_SELF_RELATIVE), with offsets from its beginning; 0: there is no such
 * part. A DACL that is present but NULL grants everybody everything; one without entries grants
 * nobody anything; one that is not present is as one that is NULL.
 *
 * Page     ddi/ntifs/ns-ntifs-_security_descriptor
 */
typedef struct _SECURITY_DESCRIPTOR {
  UCHAR Revision;
  UCHAR Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  PSID Owner;
  PSID Group;
  PACL Sacl;
  PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;

typedef struct _SECURITY_DESCRIPTOR_RELATIVE {
  UCHAR Revision;
  UCHAR Sbz1;
  SECURITY_DESCRIPTOR_CONTROL Control;
  ULONG Owner;
  ULONG Group;
  ULONG Sacl;
  ULONG Dacl;
} SECURITY_DESCRIPTOR_RELATIVE, *PISECURITY_DESCRIPTOR_RELATIVE;

#define SECURITY_DESCRIPTOR_REVISION 1
#define SECURITY_DESCRIPTOR_REVISION1 1
#define SECURITY_DESCRIPTOR_MIN_LENGTH (sizeof(SECURITY_DESCRIPTOR))

#define SE_OWNER_DEFAULTED 0x0001
#define SE_GROUP_DEFAULTED 0x0002
#define SE_DACL_PRESENT 0x0004
#define SE_DACL_DEFAULTED 0x0008
#define SE_SACL_PRESENT 0x0010
#define SE_SACL_DEFAULTED 0x0020
#define SE_DACL_AUTO_INHERITED 0x0400
#define SE_SACL_AUTO_INHERITED 0x0800
#define SE_DACL_PROTECTED 0x1000
#define SE_SACL_PROTECTED 0x2000
#define SE_SELF_RELATIVE 0x8000

/*
 * RtlCreateSecurityDescriptor: an absolute descriptor without parts.
 * RtlSetDaclSecurityDescriptor: gives it a DACL, which stays the caller's memory, or takes it away
 * (DaclPresent FALSE).
 *
 * Returns  STATUS_SUCCESS; STATUS_UNKNOWN_REVISION; STATUS_INVALID_SECURITY_DESCR: self-relative.
 * Pages    ddi/wdm/nf-wdm-rtlcreatesecuritydescriptor, nf-wdm-rtlsetdaclsecuritydescriptor
 */
NTSYSAPI NTSTATUS RtlCreateSecurityDescriptor(_Out_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                              _In_ ULONG Revision);
NTSYSAPI NTSTATUS RtlSetDaclSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                               _In_ BOOLEAN DaclPresent, _In_opt_ PACL Dacl,
                                               _In_ BOOLEAN DaclDefaulted);

/*
 * RtlValidSecurityDescriptor: a descriptor of either form has the known revision and its parts are
 * well formed. RtlLengthSecurityDescriptor: bytes of it and its parts together.
 *
 * Pages    ddi/wdm/nf-wdm-rtlvalidsecuritydescriptor, nf-wdm-rtllengthsecuritydescriptor
 */
NTSYSAPI BOOLEAN RtlValidSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor);
NTSYSAPI ULONG RtlLengthSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor);

/* ---- who the caller is ---------------------------------------------------------------------- */

typedef PVOID PACCESS_TOKEN;

typedef enum _SECURITY_IMPERSONATION_LEVEL {
  SecurityAnonymous,
  SecurityIdentification,
  SecurityImpersonation,
  SecurityDelegation
} SECURITY_IMPERSONATION_LEVEL,
    *PSECURITY_IMPERSONATION_LEVEL;

typedef struct _SECURITY_SUBJECT_CONTEXT {
  PACCESS_TOKEN ClientToken;
  SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
  PACCESS_TOKEN PrimaryToken;
  PVOID ProcessAuditId;
} SECURITY_SUBJECT_CONTEXT, *PSECURITY_SUBJECT_CONTEXT;

/*
 * SeCaptureSubjectContext: the security context of the calling thread; SeReleaseSubjectContext
 * gives it back.
 *
 * IRQL     PASSIVE_LEVEL
 * Pages    ddi/wdm/nf-wdm-secapturesubjectcontext, nf-wdm-sereleasesubjectcontext
 * Windows  There is one context here, that of the system (S-1-5-18, administrators, authenticated
 *          users, everyone), and nobody impersonates.
 */
NTKERNELAPI VOID SeCaptureSubjectContext(_Out_ PSECURITY_SUBJECT_CONTEXT SubjectContext);
NTKERNELAPI VOID SeReleaseSubjectContext(_Inout_ PSECURITY_SUBJECT_CONTEXT SubjectContext);

/*
 * SeAssignSecurity: the self-relative descriptor of a new object: ExplicitDescriptor's, or without
 * it the default of the subject: the system may do everything, administrators may read and
 * execute. Generic rights become what GenericMapping says. SeDeassignSecurity frees it.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_SECURITY_DESCR; STATUS_INSUFFICIENT_RESOURCES
 * Pages    ddi/wdm/nf-wdm-seassignsecurity, nf-wdm-sedeassignsecurity
 * Windows  Nothing is inherited from ParentDescriptor here.
 */
NTKERNELAPI NTSTATUS SeAssignSecurity(_In_opt_ PSECURITY_DESCRIPTOR ParentDescriptor,
                                      _In_opt_ PSECURITY_DESCRIPTOR ExplicitDescriptor,
                                      _Out_ PSECURITY_DESCRIPTOR* NewDescriptor,
                                      _In_ BOOLEAN IsDirectoryObject,
                                      _In_ PSECURITY_SUBJECT_CONTEXT SubjectContext,
                                      _In_ PGENERIC_MAPPING GenericMapping, _In_ ULONG PoolType);
NTKERNELAPI NTSTATUS SeDeassignSecurity(_Inout_ PSECURITY_DESCRIPTOR* SecurityDescriptor);

C_ASSERT(sizeof(SID) == 12 && sizeof(ACL) == 8 && sizeof(ACE_HEADER) == 4);
C_ASSERT(sizeof(ACCESS_ALLOWED_ACE) == 12 && FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) == 8);
C_ASSERT(sizeof(SECURITY_DESCRIPTOR) == 40 && FIELD_OFFSET(SECURITY_DESCRIPTOR, Dacl) == 32);
C_ASSERT(sizeof(SECURITY_DESCRIPTOR_RELATIVE) == 20 && sizeof(SECURITY_SUBJECT_CONTEXT) == 32);

EXTERN_C_END
