#include "trust/note/log_keys.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "tests/support/matchers.h"
#include "trust/merkle/tree.h"
#include "trust/note/checkpoint.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "derwent.example/log";

Ed25519Key Key(char seed) { return Ed25519Key::FromSeed(SecretBytes(std::string(32, seed))).value(); }
VerifierKey VkeyOf(char seed, uint8_t type = kNoteEd25519, absl::string_view name = kOrigin) {
  return VerifierKey::Make(name, type, Key(seed).public_key()).value();
}
std::string Line(char seed, const std::string& size = "") {
  return absl::StrCat(VkeyOf(seed).ToString(), size.empty() ? "" : " ", size, "\n");
}
// A checkpoint of that size, signed by these keys.
std::string Signed(uint64_t size, const std::string& seeds) {
  Note note{.text = Checkpoint{.origin = kOrigin, .size = size, .root = EmptyRoot()}.Body(), .signatures = {}};
  for (const char seed : seeds) note.signatures.push_back(SignNote(note.text, kOrigin, Key(seed)).value());
  return note.ToString();
}
LogKeys AfterSeven() { return LogKeys::Parse(absl::StrCat(Line('n'), Line('o', "7"))).value(); }

TEST(LogKeysTest, AFileOfOneKeyIsThatKey) {
  for (const std::string& text : {Line('n'), VkeyOf('n').ToString(), "# the county's\n\n  " + Line('n')}) {
    const auto keys = LogKeys::Parse(text);
    ASSERT_OK(keys) << text;
    EXPECT_EQ(keys->origin(), kOrigin);
    EXPECT_EQ(keys->current().ToString(), VkeyOf('n').ToString());
    EXPECT_OK(OpenCheckpoint(Signed(1'000'000, "n"), *keys));
  }
}

TEST(LogKeysTest, AnEarlierKeyCountsUpToItsSize) {
  const LogKeys keys = AfterSeven();
  EXPECT_EQ(keys.current().ToString(), VkeyOf('n').ToString());
  EXPECT_OK(OpenCheckpoint(Signed(7, "o"), keys));
  EXPECT_OK(OpenCheckpoint(Signed(7, "n"), keys)) << "the key in use counts for each";
  EXPECT_OK(OpenCheckpoint(Signed(8, "on"), keys)) << "both signed";
  EXPECT_THAT(OpenCheckpoint(Signed(8, "o"), keys),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       AllOf(HasSubstr("counts up to 7 entries"), HasSubstr("this is of 8"))));
  EXPECT_THAT(OpenCheckpoint(Signed(7, "x"), keys),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("no known key")));
}

TEST(LogKeysTest, WhatAKeyThatCountsNoLongerSignedWronglySpoilsNothing) {
  Note note = Note::Parse(Signed(8, "on")).value();
  note.signatures[0].signature[5] ^= 1;
  EXPECT_OK(OpenCheckpoint(note.ToString(), AfterSeven()));
  Note before = Note::Parse(Signed(7, "on")).value();
  before.signatures[0].signature[5] ^= 1;
  EXPECT_THAT(OpenCheckpoint(before.ToString(), AfterSeven()), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(LogKeysTest, ThoseThatCountAndSignedAreTold) {
  const auto signers = [](uint64_t size, const std::string& seeds) {
    const auto counting = AfterSeven().Signers(Note::Parse(Signed(size, seeds)).value(), size);
    std::vector<std::string> keys;
    for (const VerifierKey& key : *counting) keys.push_back(key.ToString());
    return keys;
  };
  EXPECT_THAT(signers(7, "on"), ElementsAre(VkeyOf('n').ToString(), VkeyOf('o').ToString()));
  EXPECT_THAT(signers(8, "on"), ElementsAre(VkeyOf('n').ToString()));
}

TEST(LogKeysTest, AWitnesssKeyIsNoLogs) {
  EXPECT_THAT(OpenCheckpoint(Signed(7, "n"), VkeyOf('n', kNoteCosignature)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0x01")));
}

struct Bad {
  std::string text;
  const char* why;
};

TEST(LogKeysTest, AFileIsRefusedWithLineAndRule) {
  const std::string witness = VkeyOf('w', kNoteCosignature).ToString() + "\n";
  const std::string elsewhere = VkeyOf('o', kNoteEd25519, "other.example/log").ToString() + " 7\n";
  for (const Bad& bad : std::vector<Bad>{
           {"", "line 1 of the log's keys: no key came"},
           {"# nobody\n", "line 2 of the log's keys: no key came"},
           {"derwent.example/log\n", "line 1 of the log's keys: a verifier key has the form"},
           {Line('n', "7"), "line 1 of the log's keys: the first key is the one in use"},
           {Line('n') + Line('o'), "line 2 of the log's keys: an earlier key is `<vkey> <size>`"},
           {Line('n') + Line('o', "7 8"), "line 2 of the log's keys: an earlier key is"},
           {Line('n') + Line('o', "07"), "line 2 of the log's keys: the size up to which"},
           {Line('n') + Line('o', "+7"), "line 2 of the log's keys: the size up to which"},
           {Line('n') + Line('o', "9223372036854775808"), "line 2 of the log's keys: the size up to which"},
           {Line('n') + "\n" + Line('n', "7"), "line 3 of the log's keys: the key is named before"},
           {Line('n') + elsewhere, "line 2 of the log's keys: a log's keys have one name"},
           {witness, "line 1 of the log's keys: a log's key has type 0x01"},
           {absl::StrReplaceAll(Line('n'), {{"\n", "\r\n"}}), "line 1 of the log's keys: it holds a control"}}) {
    EXPECT_THAT(LogKeys::Parse(bad.text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(bad.why))) << bad.text;
  }
}

TEST(LogKeysTest, OnACommandLineAnEarlierKeyHasItsSizeBehindAnAt) {
  EXPECT_FALSE(LogKey::Parse(VkeyOf('n').ToString())->last_size.has_value());
  const auto earlier = LogKey::Parse(VkeyOf('o', kNoteEd25519, "log@derwent.example").ToString() + "@7");
  ASSERT_OK(earlier);
  EXPECT_EQ(earlier->last_size, 7u);
  EXPECT_TRUE(earlier->CountsAt(7));
  EXPECT_FALSE(earlier->CountsAt(8));
  for (const char* size : {"@", "@07", "@-1", "@7 ", "@7@8"})
    EXPECT_THAT(LogKey::Parse(VkeyOf('o').ToString() + size), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  EXPECT_THAT(LogKey::Parse("log@7"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(LogKey::Parse(VkeyOf('w', kNoteCosignature).ToString()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(LogKeysTest, OneKeyIsInUseWhateverTheOrder) {
  const LogKey in_use{.key = VkeyOf('n'), .last_size = std::nullopt};
  const LogKey earlier{.key = VkeyOf('o'), .last_size = 7};
  EXPECT_EQ(LogKeys::Make({earlier, in_use})->current().ToString(), VkeyOf('n').ToString());
  EXPECT_THAT(LogKeys::Make({}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(LogKeys::Make({earlier}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("in use")));
  EXPECT_THAT(LogKeys::Make({in_use, {.key = VkeyOf('o'), .last_size = std::nullopt}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("in use")));
  EXPECT_THAT(LogKeys::Make({in_use, {.key = VkeyOf('n'), .last_size = 7}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("named before")));
}

}  // namespace
}  // namespace derwent::trust
