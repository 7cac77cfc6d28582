#include "trust/note/log_key_change.h"

#include "absl/strings/str_replace.h"

#include "tests/support/matchers.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;

constexpr char kOrigin[] = "derwent.example/log";

Ed25519Key Key(char seed) { return Ed25519Key::FromSeed(SecretBytes(std::string(32, seed))).value(); }
VerifierKey VkeyOf(char seed) { return VerifierKey::Make(kOrigin, kNoteEd25519, Key(seed).public_key()).value(); }

TEST(LogKeyChangeTest, WhatBothKeysSignedIsBelievedByWhoBelievesTheFirst) {
  const std::string note = SignLogKeyChange(kOrigin, Key('a'), Key('b')).value();
  const LogKeyChange change = OpenLogKeyChange(note, {VkeyOf('x'), VkeyOf('a')}).value();
  EXPECT_EQ(change.before.ToString(), VkeyOf('a').ToString());
  EXPECT_EQ(change.after.ToString(), VkeyOf('b').ToString());
}

TEST(LogKeyChangeTest, NobodyElsesChangeIsBelieved) {
  const std::string note = SignLogKeyChange(kOrigin, Key('a'), Key('b')).value();
  EXPECT_THAT(OpenLogKeyChange(note, {VkeyOf('b')}), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(OpenLogKeyChange(note, {}), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(LogKeyChangeTest, BothSignaturesAreNeeded) {
  const std::string note = SignLogKeyChange(kOrigin, Key('a'), Key('b')).value();
  for (size_t drop = 0; drop < 2; ++drop) {
    Note parsed = Note::Parse(note).value();
    parsed.signatures.erase(parsed.signatures.begin() + static_cast<std::ptrdiff_t>(drop));
    EXPECT_THAT(OpenLogKeyChange(parsed.ToString(), {VkeyOf('a')}), StatusIs(absl::StatusCode::kUnauthenticated));
  }
}

TEST(LogKeyChangeTest, EveryOtherTextIsRefused) {
  const std::string note = SignLogKeyChange(kOrigin, Key('a'), Key('b')).value();
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"v1", "v2"}, {"before ", "before  "}, {"after ", "then "}, {"\nafter", "\n\nafter"}}) {
    EXPECT_FALSE(OpenLogKeyChange(absl::StrReplaceAll(note, {{from, to}}), {VkeyOf('a')}).ok()) << from;
  }
  EXPECT_FALSE(OpenLogKeyChange("", {VkeyOf('a')}).ok());
  EXPECT_THAT(SignLogKeyChange(kOrigin, Key('a'), Key('a')), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::trust
