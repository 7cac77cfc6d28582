#include "agents/cli/run.h"

#include "agents/cli/session/exit_code.h"
#include "tests/agents/cli/sample_log.h"
#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Ran {
  int code = 0;
  std::string out, err;
};

Ran Derwent(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran ran;
  ran.code = RunDerwent(arguments);
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.err = ::testing::internal::GetCapturedStderr();
  return ran;
}

TEST(RunTest, ATypoIsAnsweredOnStderrWithExit2) {
  const Ran ran = Derwent({"leger", "verify"});
  EXPECT_EQ(ran.code, kExitBadInput);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("did you mean `ledger`?"));
}

TEST(RunTest, HelpAndVersionAreWhatHelp2manReads) {
  const Ran help = Derwent({"--help"});
  EXPECT_EQ(help.code, kExitDone);
  EXPECT_THAT(help.out, HasSubstr("Usage: derwent"));
  EXPECT_THAT(help.out, HasSubstr("Exit codes:"));
  EXPECT_THAT(Derwent({"--version"}).out, StartsWith("derwent "));
}

TEST(RunTest, AFileIsVerifiedByAnEarlierKeyOfTheLogToo) {
  const SampleLog log(7);
  const auto next = trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'n')));
  const auto in_use = trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, next->public_key());
  const auto verify = [&](const std::string& last_size) {
    return Derwent({"ledger", "verify", "--vkey", in_use->ToString(), "--vkey", log.vkey() + last_size,
                    "tests/golden/cli_entry.tlog-proof"});
  };
  EXPECT_EQ(verify("@7").code, kExitDone);
  EXPECT_EQ(verify("@6").code, kExitTampered);
  EXPECT_EQ(verify("").code, kExitBadInput) << "two keys in use";
}

TEST(RunTest, MissingArgumentsAreWrongUsage) {
  EXPECT_EQ(Derwent({"referral", "decline", "some-share"}).code, kExitBadInput);
}

TEST(RunTest, ACodeThatIsNoneIsAWrongCommandThatNamesThoseThereAre) {
  const std::vector<std::vector<std::string>> wrong = {
      {"referral", "decline", "s", "--reason", "THRESHHOLD_NOT_MET"},
      {"referral", "close", "s", "--outcome", "SAEF"},
      {"referral", "withdraw", "s", "--reason", "SENT_IN_EROR"},
      {"request", "cancel", "r", "--reason", "ERASD"},
      {"request", "refuse", "a", "--reason", "CONFIDENC"},
      {"request", "approve", "a", "--ground", "gw.consent_confidense"},
      {"ledger", "hold", "place", "--entry", "1", "--reason", "LEGALL"},
      {"ledger", "erase", "request", "--entry", "1", "--reason", "COURT_ODER"}};
  for (const std::vector<std::string>& arguments : wrong) {
    const Ran ran = Derwent(arguments);
    EXPECT_EQ(ran.code, kExitBadInput) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("must be one of ")) << arguments[1];
    EXPECT_THAT(ran.err, HasSubstr("did you mean `")) << arguments[1];
  }
  const Ran sentence = Derwent({"referral", "decline", "s", "--reason", "Oakshott moved away"});
  EXPECT_EQ(sentence.code, kExitBadInput);
  EXPECT_THAT(sentence.err, ::testing::Not(HasSubstr("Oakshott"))) << "what was given is not repeated";
}

TEST(RunTest, AMissingConfigurationSaysHowToGiveOne) {
  const Ran ran = Derwent({"--config", "/nonexistent/client.yaml", "status"});
  EXPECT_EQ(ran.code, kExitBadInput);
  EXPECT_THAT(ran.err, HasSubstr("--config"));
}

TEST(RunTest, CompletionKnowsEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = Derwent({"completion", shell});
    EXPECT_EQ(ran.code, kExitDone) << shell;
    for (const char* word : {"referral", "decline", "audit", "refusals", "ledger", "restrict"})
      EXPECT_THAT(ran.out, HasSubstr(word)) << shell;
  }
  EXPECT_EQ(Derwent({"completion", "csh"}).code, kExitBadInput);
}

}  // namespace
}  // namespace derwent::cli
