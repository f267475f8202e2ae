// From which x-ms-version on the service behaves how: the one table of what differs between versions of the protocol. A
// version newer than every row is served as the newest; one between rows as the latest row before it. Sources: "Versioning
// for the Azure Storage services" and the pages of each operation; AZURE-DETAILS 1 to 60; AZURE-ANSWERS.
#pragma once
#include "api/common/version.h"

namespace bascule::api::since {

// --- 2009-09-19, the first that is served ---
inline constexpr Version kPageBlobs(2009, 9, 19);
// --- 2011-08-18 ---
inline constexpr Version kDefaultVersion(2011, 8, 18);     // of an account, in the service's properties
inline constexpr Version kQuotedEtags(2011, 8, 18);        // bare before
inline constexpr Version kAcceptRanges(2011, 8, 18);       // the header on reads
inline constexpr Version kOpenRanges(2011, 8, 18);         // "bytes=5-"
// --- 2012-02-12 ---
inline constexpr Version kLeaseStates(2012, 2, 12);        // state and duration shown; acquiring names a duration
inline constexpr Version kCopyIds(2012, 2, 12);            // copies have ids and answer 202; before, 201 and done
inline constexpr Version kCopySourceUrls(2012, 2, 12);     // before, /account/container/blob was enough
inline constexpr Version kMd5Computed(2012, 2, 12);        // before, a blob has only the MD5 that came with it
// --- 2013-08-15 ---
inline constexpr Version kContentDisposition(2013, 8, 15);
inline constexpr Version kEndpointLists(2013, 8, 15);      // lists name the endpoint; before, account and URLs
inline constexpr Version kCombinedConditions(2013, 8, 15); // reads take all four conditions together
inline constexpr Version kServiceMetrics(2013, 8, 15);     // hour and minute metrics, CORS
// --- 2015 ---
inline constexpr Version kAppendBlobs(2015, 2, 21);
inline constexpr Version kAddAndCreate(2015, 4, 5);        // these permissions in stored policies
inline constexpr Version kPageDifferences(2015, 7, 8);     // Get Page Ranges against an earlier snapshot
inline constexpr Version kServerEncrypted(2015, 12, 11);   // x-ms-(request-)server-encrypted
// --- 2016-05-31 ---
inline constexpr Version kLargerWrites(2016, 5, 31);       // Put Blob 256 MiB (64), Put Block 100 MiB (4)
inline constexpr Version kIncrementalCopies(2016, 5, 31);
inline constexpr Version kPublicAccessShown(2016, 5, 31);
inline constexpr Version kWholeMd5OfRanges(2016, 5, 31);   // x-ms-blob-content-md5
// --- 2017 ---
inline constexpr Version kAccessTiers(2017, 4, 17);
inline constexpr Version kErrorCodeHeader(2017, 7, 29);    // x-ms-error-code
inline constexpr Version kDeleteRetention(2017, 7, 29);    // soft delete; x-ms-delete-type-permanent
inline constexpr Version kCreationTime(2017, 11, 9);
inline constexpr Version kImmutabilityShown(2017, 11, 9);
// --- 2018, 2019 ---
inline constexpr Version kStaticWebsite(2018, 3, 28);
inline constexpr Version kBatch(2018, 11, 9);
inline constexpr Version kUserDelegation(2018, 11, 9);
inline constexpr Version kCrc64(2019, 2, 2);               // writes answer with a CRC64
inline constexpr Version kRehydratePriority(2019, 2, 2);
inline constexpr Version kCustomerKeys(2019, 2, 2);
inline constexpr Version kEncryptionScopes(2019, 7, 7);
inline constexpr Version kHierarchyShown(2019, 7, 7);      // x-ms-is-hns-enabled
inline constexpr Version kPreviousSnapshotUrls(2019, 7, 7);
inline constexpr Version kTags(2019, 12, 12);
inline constexpr Version kVersioning(2019, 12, 12);        // version ids are shown
inline constexpr Version kSealing(2019, 12, 12);
inline constexpr Version kQueries(2019, 12, 12);           // Query Blob Contents
inline constexpr Version kRestoreContainer(2019, 12, 12);
inline constexpr Version kDefaultIndexPath(2019, 12, 12);  // of a static website
inline constexpr Version kLargestWrites(2019, 12, 12);     // Put Blob 5,000 MiB, Put Block 4,000 MiB
// --- 2020 to 2023 ---
inline constexpr Version kPermanentDelete(2020, 2, 10);
inline constexpr Version kExpiry(2020, 2, 10);
inline constexpr Version kLastAccess(2020, 2, 10);
inline constexpr Version kContainerBatch(2020, 4, 8);
inline constexpr Version kTagSets(2020, 4, 8);             // found blobs come with their tags; before, with one value
inline constexpr Version kLargestBlocksFromUrl(2020, 4, 8);  // 4,000 MiB (100)
inline constexpr Version kStateImmutability(2020, 6, 12);  // retention and holds of single states
inline constexpr Version kOrMetadata(2020, 6, 12);
inline constexpr Version kVersionLevelImmutabilityShown(2020, 10, 2);
inline constexpr Version kPagedRanges(2020, 10, 2);        // Get Page Ranges in pages
inline constexpr Version kSourceTokens(2020, 10, 2);       // x-ms-copy-source-authorization
inline constexpr Version kFindInContainer(2021, 4, 10);
inline constexpr Version kSnapshotsByHierarchy(2021, 6, 8);
inline constexpr Version kLargerAppends(2022, 11, 2);       // Append Block 100 MiB (4)
inline constexpr Version kStartFrom(2023, 5, 3);
// --- 2024 on ---
inline constexpr Version kCopySourceErrors(2024, 8, 4);    // the source's own failure is told in full
inline constexpr Version kStructuredBodies(2025, 1, 5);
inline constexpr Version kTierTimes(2025, 5, 5);           // Delete Blob by the time at which the tier was set
inline constexpr Version kBoundUsers(2025, 7, 5);          // user delegation keys of another tenant's users
inline constexpr Version kSourceKeys(2026, 2, 6);         // x-ms-source-encryption-key
inline constexpr Version kCrc64BesideMd5(2026, 10, 6);     // also where Content-MD5 was sent
inline constexpr Version kTierOnGet(2026, 10, 6);
inline constexpr Version kEndBefore(2026, 10, 6);
inline constexpr Version kPlainCopyTarget(2026, 12, 6);    // the target's conditions fail as those of other writes

}  // namespace bascule::api::since
