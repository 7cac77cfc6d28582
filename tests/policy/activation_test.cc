// A revision counts only as a signatory activated it, and loses nothing that the one before it must keep.
#include "policy/loader/activation.h"

#include <iterator>

#include "gmock/gmock.h"

#include "policy/loader/succession.h"
#include "tests/policy/signed_bundle.h"
#include "trust/base/london.h"
#include "trust/secret/sha256.h"

namespace derwent::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Activation : public SignedBundle {
 protected:
  absl::StatusCode LoadCode() { return Load().status().code(); }
};

TEST_F(Activation, ABundleWithoutOneHasNoRevision) { EXPECT_EQ((*Load())->revision, 0); }

TEST_F(Activation, GivesTheBundleItsRevisionAndIsNoPartOfItsContent) {
  const std::string content = (*Load())->content_digest;
  const std::string governance = (*Load())->governance_digest;
  Activate(7);
  EXPECT_EQ((*Load())->revision, 7);
  EXPECT_EQ((*Load())->content_digest, content);
  EXPECT_NE((*Load())->governance_digest, governance) << "so that agents fetch it";
}

TEST_F(Activation, OfOtherFilesIsRefused) {
  Activate(7);
  SignAgreement("cbc");
  EXPECT_EQ(LoadCode(), absl::StatusCode::kDataLoss);
}

// The digests over the files are of lines `hex  path`: a path with a line of its own would stand for two files.
void HideFile(Files& files, const std::string& hidden) {
  const auto gone = files.find(hidden);
  const auto before = std::prev(gone);
  const std::string path = absl::StrCat(before->first, "\n", trust::Sha256(gone->second).hex(), "  ", gone->first);
  files[path] = before->second;
  files.erase(before);
  files.erase(gone);
}

TEST_F(Activation, ANoticeHiddenInAnothersPathIsRefused) {
  GiveNotice("dfrs", "dfrs", 1);
  Activate(7);
  const Sha256Digest digest = ContentDigest(files_);
  HideFile(files_, "notices/fire_safety.dfrs.dsse.json");
  ASSERT_EQ(ContentDigest(files_), digest) << "the activation's signature is still good";
  EXPECT_EQ(LoadCode(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Activation, APathOfOtherCharactersIsRefusedWhateverTheSource) {
  for (const std::string path : {"notices/a b", "notices/a\n", "notices/../b", "/notices/a", "notices/\xc3\xa9"}) {
    const Files before = files_;
    files_[path] = "text";
    EXPECT_EQ(LoadCode(), absl::StatusCode::kInvalidArgument) << path;
    files_ = before;
  }
}

TEST_F(Activation, StrippedOfItsCertificateOrSignatureIsRefused) {
  Activate(7);
  const Files whole = files_;
  files_.erase(kActivatorPath);
  EXPECT_EQ(LoadCode(), absl::StatusCode::kUnauthenticated);
  files_ = whole;
  files_[kActivationPath] = R"({"payloadType": "application/vnd.derwent.policy-activation.v1+protobuf"})";
  EXPECT_EQ(LoadCode(), absl::StatusCode::kUnauthenticated);
}

TEST_F(Activation, ByWhoIsNoSignatoryIsRefused) {
  signers_["dfrs"] = pki_.IssueFor("dfrs", "person", "p-2");
  Activate(7);
  EXPECT_EQ(LoadCode(), absl::StatusCode::kUnauthenticated);
}

TEST_F(Activation, WithoutANumberIsRefused) {
  Activate(0);
  EXPECT_EQ(LoadCode(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Activation, ANoticeThatStandsMayNotGo) {
  GiveNotice("dfrs", "dfrs", 1);
  const auto before = Load();
  std::erase_if(files_, [](const auto& file) { return file.first.starts_with("notices/"); });
  EXPECT_THAT(StrippedNotices(*(*before)->policy, *(*Load())->policy),
              ElementsAre(HasSubstr("agreement `fire_safety`: the notice from 2026-11-30 on is gone")));
  EXPECT_THAT(StrippedNotices(*(*before)->policy, *(*before)->policy), IsEmpty());
}

TEST_F(Activation, ANoticeWhoseSignerIsStrippedIsGoneToo) {
  GiveNotice("cbc", "cbc", 1);
  const auto before = Load();
  files_.erase(absl::StrCat("signatures/certificates/", signers_["cbc"].key_id, ".pem"));
  EXPECT_EQ(StrippedNotices(*(*before)->policy, *(*Load())->policy).size(), 1u);
}

TEST_F(Activation, ASignatureThatWasThereMayNotGoAndOneThatWasMissingMayStillMiss) {
  const auto before = Load();
  files_.erase("signatures/agreements/fire_safety.1.dfrs.dsse.json");
  const absl::CivilDay day = LondonDay(now_);
  EXPECT_THAT(MissingSignatures(*(*before)->policy, *(*Load())->policy, day, roots_.signatories),
              ElementsAre(HasSubstr("agreement `fire_safety`, revision 1, is not signed by `dfrs`")));
  EXPECT_THAT(MissingSignatures(*(*before)->policy, *(*before)->policy, day, roots_.signatories), IsEmpty())
      << "`cbc` never signed";
}

}  // namespace
}  // namespace derwent::policy
