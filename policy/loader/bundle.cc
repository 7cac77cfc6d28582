#include "policy/loader/bundle.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "policy/loader/activation.h"
#include "policy/loader/compile.h"
#include "policy/loader/manifest.h"
#include "policy/loader/text.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::policy {
namespace {

constexpr size_t kLargestBundle = 32 << 20;

bool IsGovernance(absl::string_view path) {
  return absl::StartsWith(path, "signatures/") || absl::StartsWith(path, "notices/");
}

// Where signatures of one kind lie in the bundle, and what their envelopes say they are.
struct SignedKind {
  absl::string_view prefix;
  absl::string_view type;
};

// Each file of the kind, with what it proves.
template <typename Use>
void EachSigned(const Files& files, const SignedKind& kind, const TrustRoots& roots, absl::Time now, Problems& problems,
                Use use) {
  for (auto file = files.lower_bound(std::string(kind.prefix));
       file != files.end() && absl::StartsWith(file->first, kind.prefix); ++file) {
    if (!absl::EndsWith(file->first, ".dsse.json")) continue;
    const absl::StatusOr<Signed> proven = VerifySignatureFile(files, file->first, kind.type, roots, now);
    if (proven.ok())
      use(file->first, *proven);
    else
      problems.Warn(Severity::kWarning, file->first, "", "signature", std::string(proven.status().message()),
                    "it does not count");
  }
}

absl::StatusOr<std::set<std::string>> BundleSigners(const Files& files, const TrustRoots& roots, absl::Time now,
                                                    Problems& problems) {
  std::set<std::string> agencies;
  EachSigned(files, {.prefix = "signatures/bundle.", .type = trust::kPolicyManifestType}, roots, now, problems,
             [&](const std::string& path, const Signed& proven) {
               if (proven.payload == files.at(kManifestPath))
                 agencies.insert(proven.agency);
               else
                 problems.Warn(Severity::kWarning, path, "", "signature", "it signs another MANIFEST", "sign again");
             });
  if (static_cast<int>(agencies.size()) >= roots.bundle_quorum) return agencies;
  return absl::UnauthenticatedError(absl::StrCat(
      "the bundle is signed by ", agencies.size(), " agencies of ", roots.bundle_quorum, " needed",
      problems.list().empty() ? "" : ": ", absl::StrJoin(problems.list(), "; ", [](std::string* out, const Problem& p) {
        absl::StrAppend(out, p.ToString());
      })));
}

// Agreement id to the octets its parties sign.
std::map<std::string, std::string> AgreementManifests(const Files& files, Problems& problems) {
  std::map<std::string, std::string> manifests;
  for (const auto& [path, text] : files) {
    v1::Agreement agreement;
    if (!absl::StartsWith(path, "agreements/") || !ParseText(files, path, agreement, problems)) continue;
    const absl::StatusOr<std::string> manifest = AgreementManifest(files, agreement);
    if (manifest.ok()) manifests[agreement.id()] = *manifest;
  }
  return manifests;
}

void TakeAgreementSignatures(const Files& files, const TrustRoots& roots, absl::Time now, Policy& policy,
                             Problems& problems) {
  const std::map<std::string, std::string> manifests = AgreementManifests(files, problems);
  EachSigned(files, {.prefix = "signatures/agreements/", .type = trust::kAgreementType}, roots, now, problems,
             [&](const std::string& path, const Signed& proven) {
               bool used = false;
               for (Agreement& agreement : policy.agreements) {
                 if (!agreement.parties.contains(proven.agency) || manifests.at(agreement.id) != proven.payload)
                   continue;
                 agreement.signed_by.insert(proven.agency);
                 used = true;
               }
               if (!used)
                 problems.Warn(Severity::kWarning, path, "", "signature", "it signs no agreement as it now stands",
                               "sign the present revision");
             });
}

void TakeNotices(const Files& files, const TrustRoots& roots, absl::Time now, Policy& policy, Problems& problems) {
  EachSigned(
      files, {.prefix = "notices/", .type = trust::kAgreementNoticeType}, roots, now, problems,
      [&](const std::string& path, const Signed& proven) {
        v1::AgreementNotice notice;
        const bool parsed = notice.ParseFromString(proven.payload);
        const absl::StatusOr<absl::CivilDay> from = ParseDay(notice.from_date());
        const bool removes = notice.action() == v1::NOTICE_ACTION_REMOVE_PARTY;
        const bool known =
            removes || notice.action() == v1::NOTICE_ACTION_SUSPEND || notice.action() == v1::NOTICE_ACTION_END;
        if (!parsed || notice.agency() != proven.agency || !known || removes == notice.party().empty() || !from.ok()) {
          problems.Warn(Severity::kWarning, path, "", "notice", "the notice is malformed or not of the signer's agency",
                        "give notice again");
          return;
        }
        for (Agreement& agreement : policy.agreements) {
          if (agreement.id == notice.agreement() && agreement.revision <= notice.revision() &&
              agreement.parties.contains(proven.agency))
            agreement.notices.push_back({.from = *from, .removes = notice.party(), .revision = notice.revision()});
        }
      });
}

std::string GovernanceDigest(const Files& files) {
  std::string all;
  for (const auto& [path, content] : files) {
    if (IsGovernance(path)) absl::StrAppend(&all, trust::Sha256(content).hex(), "  ", path, "\n");
  }
  return trust::Sha256(all).bytes();
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Bundle>> LoadBundle(Files files, const TrustRoots& roots, absl::Time now) {
  for (const auto& [path, content] : files) RETURN_IF_ERROR(CheckPath(path));
  RETURN_IF_ERROR(CheckManifest(files));
  Problems problems(files);
  ASSIGN_OR_RETURN(std::set<std::string> signers, BundleSigners(files, roots, now, problems));
  ASSIGN_OR_RETURN(const int64_t revision, ActivatedRevision(files, roots, now));
  std::unique_ptr<Policy> policy = Compile(files, problems);
  if (policy == nullptr) {
    return absl::InvalidArgumentError(absl::StrJoin(
        problems.list(), "\n", [](std::string* out, const Problem& p) { absl::StrAppend(out, p.ToString()); }));
  }
  TakeAgreementSignatures(files, roots, now, *policy, problems);
  TakeNotices(files, roots, now, *policy, problems);
  auto bundle = std::make_unique<Bundle>();
  const Sha256Digest digest = trust::Sha256(files.at(kManifestPath));
  policy->digest = digest.hex();
  bundle->policy_digest = digest.bytes();
  bundle->governance_digest = GovernanceDigest(files);
  bundle->content_digest = ContentDigest(files).bytes();
  bundle->signed_by = std::move(signers);
  bundle->revision = revision;
  bundle->warnings = problems.list();
  bundle->decider = IndexedDecider(*policy);
  bundle->policy = std::move(policy);
  bundle->files = std::move(files);
  return bundle;
}

absl::StatusOr<Files> ReadBundleDirectory(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  Files files;
  size_t total = 0;
  fs::recursive_directory_iterator next(directory, error);
  if (error) return absl::NotFoundError(absl::StrCat("cannot read the bundle `", directory, "`: ", error.message()));
  for (; next != fs::recursive_directory_iterator(); next.increment(error)) {
    if (error) return absl::NotFoundError(absl::StrCat("cannot read the bundle `", directory, "`: ", error.message()));
    if (!next->is_regular_file()) continue;
    const std::string path = fs::relative(next->path(), directory).generic_string();
    if (!IsText(path) && path != kManifestPath && !IsGovernance(path)) continue;
    std::ifstream file(next->path(), std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.good() && !file.eof()) return absl::NotFoundError(absl::StrCat("cannot read `", path, "` of the bundle"));
    total += content.size();
    if (total > kLargestBundle) return absl::InvalidArgumentError("the bundle is over 32 MiB");
    files[path] = std::move(content);
  }
  return files;
}

}  // namespace derwent::policy
