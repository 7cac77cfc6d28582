#include "agents/cli/ledger/cosign.h"

#include <httplib.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"

#include "agents/witness/witness_server.h"
#include "tests/support/matchers.h"
#include "trust/base/clock.h"
#include "trust/merkle/tree.h"
#include "trust/note/checkpoint.h"

namespace derwent::cli {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "derwent.example/ledger";
constexpr char kLiarName[] = "liar.example/witness";

trust::Ed25519Key KeyOf(char seed) { return *trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, seed))); }

// A witness over HTTP that cosigns nothing: to each request it answers that it is at another size than it is told, or
// what it is set to.
class ContraryWitness {
 public:
  ContraryWitness() {
    server_.Post("/add-checkpoint", [this](const httplib::Request&, httplib::Response& response) {
      response.status = status;
      response.set_content(body.empty() ? absl::StrCat(1 + asked_++ % 2, "\n") : body, "text/x.tlog.size");
    });
    server_.Get("/[0-9a-f]+/checkpoint", [this](const httplib::Request&, httplib::Response& response) {
      response.status = shown.empty() ? 404 : 200;
      response.set_content(shown, "text/plain");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ContraryWitness(const ContraryWitness&) = delete;
  ContraryWitness& operator=(const ContraryWitness&) = delete;
  ~ContraryWitness() {
    server_.stop();
    thread_.join();
  }
  int port() const { return port_; }
  int asked() const { return asked_; }

  int status = 409;
  std::string body;   // Empty: sizes by turns.
  std::string shown;  // As its newest checkpoint; empty: none.

 private:
  httplib::Server server_;
  std::atomic<int> asked_ = 0;
  int port_ = 0;
  std::thread thread_;
};

// A log of three entries, an honest witness and a contrary one that stands before it in the policy.
class CosignTest : public ::testing::Test {
 protected:
  CosignTest() {
    std::filesystem::create_directories(folder_);
    const trust::VerifierKey log = log_.current();
    trust::RightEdge edge;
    for (const char* leaf : {"a", "b", "c"})
      edge.Append(trust::LeafHash(leaf), [](trust::NodeId, const Sha256Digest&) {});
    note_ = Signed({.origin = kOrigin, .size = 3, .root = edge.Root(), .extensions = ""});
    witness_ = *agents::Witness::Open((folder_ / "witness.db").string(), "dfrs.example/witness", KeyOf('w'),
                                      [log] { return log; }, clock_);
    server_ = *agents::WitnessServer::Start("127.0.0.1:0", *witness_);
    const auto liar = *trust::VerifierKey::Make(kLiarName, trust::kNoteCosignature, KeyOf('x').public_key());
    policy_ =
        absl::StrCat("log ", log.ToString(), "\nwitness liar ", liar.ToString(), " http://127.0.0.1:", contrary_.port(),
                     "/\nwitness dfrs ", witness_->vkey().ToString(), " http://127.0.0.1:", server_->port(), "/\n");
  }
  ~CosignTest() override {
    server_.reset();
    witness_.reset();
    std::filesystem::remove_all(folder_);
  }
  static std::string Signed(const trust::Checkpoint& checkpoint, char seed = 'l') {
    trust::Note note{.text = checkpoint.Body(), .signatures = {}};
    note.signatures.push_back(*trust::SignNote(note.text, kOrigin, KeyOf(seed)));
    return note.ToString();
  }
  absl::StatusOr<std::string> Collect(const std::string& quorum) {
    return CollectCosignatures(
        note_, *trust::QuorumPolicy::Parse(policy_ + quorum), log_,
        [](uint64_t, uint64_t larger) -> absl::StatusOr<std::vector<Sha256Digest>> {
          if (larger > 3) return absl::InvalidArgumentError("the log has three entries");
          return std::vector<Sha256Digest>(1);
        },
        [this](const std::string& what) { said_.push_back(what); });
  }

  const SystemClock clock_;
  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
  ContraryWitness contrary_;
  std::unique_ptr<agents::Witness> witness_;
  std::unique_ptr<agents::WitnessServer> server_;
  const trust::LogKeys log_ = *trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, KeyOf('l').public_key());
  std::string note_;
  std::string policy_;
  std::vector<std::string> said_;
};

TEST_F(CosignTest, AWitnessThatAlwaysAnswersAnotherSizeIsAskedAFewTimesAndToldOf) {
  EXPECT_THAT(Collect("group either any liar dfrs\nquorum either\n"), ::derwent::testing::IsOk());
  EXPECT_LE(contrary_.asked(), 3);
  EXPECT_THAT(said_, ElementsAre(HasSubstr(kLiarName)));
  EXPECT_EQ(witness_->Seen(kOrigin)->size, 3u) << "the next one is asked all the same";
}

TEST_F(CosignTest, WhatAWitnessSaysAndDoesNotShowEndsNothing) {
  const std::pair<int, const char*> claims[] = {{409, "9\n"}, {422, "another tree\n"}};
  for (const auto& [status, body] : claims) {
    said_.clear();
    contrary_.status = status;
    contrary_.body = body;
    EXPECT_THAT(Collect("group either any liar dfrs\nquorum either\n"), ::derwent::testing::IsOk());
    EXPECT_THAT(said_, ElementsAre(HasSubstr("does not show it"))) << status;
  }
  contrary_.shown = Signed({.origin = kOrigin, .size = 9, .root = Sha256Digest()}, 'x');
  EXPECT_THAT(Collect("group either any liar dfrs\nquorum either\n"), ::derwent::testing::IsOk())
      << "another key than the log's signed it";
}

TEST_F(CosignTest, WhatItShowsUnderTheLogsSignatureDoes) {
  contrary_.body = "9\n";
  contrary_.shown = Signed({.origin = kOrigin, .size = 9, .root = Sha256Digest()});
  EXPECT_THAT(Collect("group either any liar dfrs\nquorum either\n"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("9 entries")));
  contrary_.status = 422;
  contrary_.shown = Signed({.origin = kOrigin, .size = 3, .root = Sha256Digest()});
  EXPECT_THAT(Collect("group either any liar dfrs\nquorum either\n"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not extend")));
}

TEST_F(CosignTest, WhereItIsNeededThereIsNoQuorum) {
  EXPECT_THAT(Collect("group both all liar dfrs\nquorum both\n"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LE(contrary_.asked(), 3);
}

}  // namespace
}  // namespace derwent::cli
