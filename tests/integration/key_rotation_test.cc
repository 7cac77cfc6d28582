// An agency's keys follow one another while its agent runs: made by the command line, certified, published, used,
// destroyed.
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "agents/daemon/context/fault.h"
#include "tests/integration/referral_fixture.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

class KeyRotationTest : public ReferralTest {
 protected:
  std::string Folder(const TestAgent& agent) {
    return absl::StrCat(consortium_.folder(), "/pki/agencies/", agent.config.agency);
  }
  // The command line under the agent's certificate; returns its output.
  std::string Derwent(const TestAgent& agent, const std::string& words) {
    const std::string config = absl::StrCat(consortium_.folder(), "/", agent.config.agency, ".yaml");
    const std::string output = config + ".out";
    std::ofstream(config) << "broker: " << consortium_.target()
                          << "\nbroker_peer: spiffe://derwent.example/broker/one\n"
                          << "agent: localhost:1\nagent_peer: spiffe://derwent.example/agency/" << agent.config.agency
                          << "/agent/*\nca: pki/trust/ca.pem\ncertificate: pki/agencies/" << agent.config.agency
                          << "/agent.pem\nkey: pki/agencies/" << agent.config.agency << "/agent.key\nlog_vkey: "
                          << std::string(
                                 absl::StripAsciiWhitespace(ReadAll(consortium_.folder() + "/pki/trust/log.vkey")))
                          << "\nquorum: quorum.policy\norigin: derwent.example/log\nagency: " << agent.config.agency
                          << "\n";
    const int code = std::system(
        absl::StrCat("'", DERWENT_BIN_DIR, "/derwent' --config '", config, "' ", words, " >'", output, "'").c_str());
    EXPECT_TRUE(WEXITSTATUS(code) == 0 || WEXITSTATUS(code) == 9) << words;
    return std::string(absl::StripAsciiWhitespace(ReadAll(output)));
  }
  // Makes the next key and has it certified; returns its id. The agent has it in its folder then.
  std::string Rotate(const TestAgent& agent, const std::string& use) {
    const std::string words = absl::StrCat("key rotate ", use, " --keys '", agent.config.state_dir, "/keys' --after '",
                                           Folder(agent), "/", use, ".pem'");
    const std::string request = Derwent(agent, words);
    EXPECT_EQ(fs::status(fs::path(request).replace_extension(".key")).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    const std::string certificate = consortium_.folder() + "/granted.pem";
    EXPECT_EQ(std::system(absl::StrCat("certs-example/sign_request.sh '", consortium_.folder(), "/pki' ",
                                       agent.config.agency, " ", use, " '", request, "' '", certificate, "' >/dev/null")
                              .c_str()),
              0);
    return Derwent(agent, absl::StrCat(words, " --certificate '", certificate, "'"));
  }
  void RunAll(TestAgent& agent) { EXPECT_OK(agent.daemon->upkeep().RunAll()); }
  static std::string SigningKeyOf(TestAgent& agent) {
    return agent.daemon->desk().Status({.kind = trust::CallerKind::kConsole, .name = "one"})->signing_key_id();
  }
  v1::Manifest Manifest(TestAgent& agent, const std::string& share) {
    v1::Manifest manifest;
    EXPECT_TRUE(
        manifest.ParseFromString(agent.daemon->context().state.FindReceived(share)->value_or(InboxRow()).manifest));
    return manifest;
  }
  void Received(const std::string& share) {
    for (TestAgent* agent : {&housing(), &adults()}) {
      agent->CollectAll();
      EXPECT_THAT(HandedOver(*agent, share), Not(IsEmpty())) << agent->config.agency;
    }
  }
  void Quiet() {
    for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
  }
};

TEST_F(KeyRotationTest, ASigningKeyFollowsAnotherWhileReferralsFlow) {
  Received(Push());
  const std::string next = Rotate(police(), "signing");
  const std::string between = Push(Sample("RMS-2"));
  EXPECT_NE(SigningKeyOf(police()), next) << "it is not published yet";
  RunAll(police());
  EXPECT_EQ(SigningKeyOf(police()), next);
  // Its recipients read its keys a moment ago.
  const std::string after = Push(Sample("RMS-3"));
  Received(between);
  Received(after);
  police().Restart();
  EXPECT_EQ(SigningKeyOf(police()), next);
  RunAll(police());
  Received(Push(Sample("RMS-4")));
  EXPECT_THAT(Derwent(police(), "-o csv key list"), HasSubstr(next));
  Quiet();
}

TEST_F(KeyRotationTest, NothingIsSignedWithAKeyBeforeItsEvent) {
  const std::string next = Rotate(police(), "signing");
  ASSERT_OK(police().daemon->context().identity.keys->Refresh());
  police().daemon->context().identity.keys->Prefer(next);
  const auto pushed = police().daemon->sender().Push(Sample());
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed->shares(0).state(), "QUEUED") << "it is planned again, in case the key's event comes";
  for (int turn = 0; turn < 10; ++turn) EXPECT_OK(police().daemon->sender().Drain());
  const std::optional<OutboxRow> row = *police().daemon->context().state.FindShare(pushed->shares(0).share_id());
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->state, "REFUSED");
  EXPECT_EQ(row->reason, "KEY_NOT_CERTIFIED");
}

TEST_F(KeyRotationTest, AnOlderSealingKeyOpensWhatWasSealedToIt) {
  const std::string before = Push();
  const std::string next = Rotate(housing(), "sealing");
  RunAll(housing());
  const std::string after = Push(Sample("RMS-2"));
  Received(before);
  Received(after);
  EXPECT_NE(Manifest(housing(), before).sealing_key_id(), next);
  EXPECT_EQ(Manifest(housing(), after).sealing_key_id(), next);
  Quiet();
}

TEST_F(KeyRotationTest, ARevokedSealingKeyIsDestroyedOnceItsMailboxIsOver) {
  const std::string file = housing().config.sealing.front().first;
  const std::string old = housing().daemon->context().identity.keys->sealing()->id();
  const std::string before = Push();
  Rotate(housing(), "sealing");
  RunAll(housing());
  Derwent(housing(), absl::StrCat("key revoke ", old, " --signing-key '", Folder(housing()), "/signing.key'"));
  RunAll(housing());
  RunAll(housing());
  EXPECT_EQ(housing().daemon->context().keys.Find("rp.housing")->Find(trust::KeyUse::kSealing, old, absl::Now()),
            nullptr)
      << "it is not published again";
  Received(before);
  EXPECT_TRUE(fs::exists(file));
  housing().clock.Move(absl::Hours(24 * 38));
  static_cast<void>(housing().daemon->upkeep().RunAll());  // The revocation list is too old by then.
  EXPECT_FALSE(fs::exists(file));
  EXPECT_EQ(housing().daemon->context().identity.keys->Sealing(old), nullptr);
  housing().clock.Move(-absl::Hours(24 * 38));
  housing().Restart();
  RunAll(housing());
  Received(Push(Sample("RMS-2")));
  EXPECT_THAT(housing().Alarms(), Not(Contains("FOREIGN_KEY_IN_OUR_NAME")));
}

}  // namespace
}  // namespace derwent::agents
