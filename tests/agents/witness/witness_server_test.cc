#include "agents/witness/witness_server.h"

#include <httplib.h>

#include "tests/agents/witness/witness_fixture.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using derwent::testing::IsOk;

using WitnessServerTest = WitnessTest;

TEST_F(WitnessServerTest, SpeaksHttpAsTheSpecificationSays) {
  const auto server = WitnessServer::Start("127.0.0.1:0", *witness_);
  ASSERT_THAT(server, IsOk());
  httplib::Client client("127.0.0.1", (*server)->port());
  const Log log(8);
  const auto taken = client.Post("/add-checkpoint", log.Since(0), "text/plain");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->status, 200);
  EXPECT_THAT(Cosigned(log.Checkpoint(), taken->body), IsOk());
  const auto conflict = client.Post("/add-checkpoint", Log(9).Since(0), "text/plain");
  EXPECT_EQ(conflict->status, 409);
  EXPECT_EQ(conflict->get_header_value("Content-Type"), "text/x.tlog.size");
  EXPECT_EQ(conflict->body, "8\n");
  const auto latest = client.Get(absl::StrCat("/", trust::Sha256(kOrigin).hex(), "/checkpoint"));
  EXPECT_EQ(latest->status, 200);
  EXPECT_EQ(latest->body, log.Checkpoint() + taken->body);
  EXPECT_EQ(client.Get(absl::StrCat("/", trust::Sha256("other").hex(), "/checkpoint"))->status, 404);
  EXPECT_EQ(client.Get("/add-checkpoint")->status, 404);
  const auto huge = client.Post("/add-checkpoint", std::string(2 << 20, 'x'), "text/plain");
  EXPECT_TRUE(!huge || huge->status == 413) << "refused, or cut off";
}

TEST_F(WitnessServerTest, ABodyIsABodyWhateverItSaysItsTypeIs) {
  const auto server = WitnessServer::Start("127.0.0.1:0", *witness_);
  ASSERT_THAT(server, IsOk());
  httplib::Client client("127.0.0.1", (*server)->port());
  const std::string long_body = Log(8).Since(0) + JunkLine(0, 50'000);
  const auto form = client.Post("/add-checkpoint", long_body, "application/x-www-form-urlencoded");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->status, 200) << form->body;
  const auto parts = client.Post("/add-checkpoint", Log(9).Since(8), "multipart/form-data; boundary=b");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->status, 415);
  const auto none = client.Post("/add-checkpoint", Log(9).Since(8), "");
  EXPECT_EQ(none->status, 200);
  const auto endless = client.Post(
      "/add-checkpoint",
      [](size_t, httplib::DataSink& sink) {
        return sink.write(std::string(4096, 'x').data(), 4096);  // In chunks, without a length.
      },
      "text/plain");
  EXPECT_TRUE(!endless || endless->status == 413) << "refused, or cut off";
}

}  // namespace
}  // namespace derwent::agents
