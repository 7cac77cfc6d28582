#include "broker/rpc/trace.h"

#include "tests/support/matchers.h"
#include "trust/base/uuid.h"

namespace derwent::rpc {
namespace {

constexpr char kUuid[] = "7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d";
constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceTest, AUuidIsTakenAsCorrelationId) {
  trust::SystemRandom random;
  EXPECT_EQ(CorrelationId(kUuid, random), kUuid);
}

TEST(TraceTest, AnyOtherWordIsNotAndANewIdIsMade) {
  trust::SystemRandom random;
  for (const char* word : {"", "Maren.Oakshott", "7D9F0C52-4A1E-4B53-9C0E-6F1F0A2B3C4D", "R-1"}) {
    const std::string id = CorrelationId(word, random);
    EXPECT_NE(id, word);
    EXPECT_OK(Uuid::Parse(id));
  }
}

TEST(TraceTest, ATraceParentIsTakenByItsSyntaxAlone) {
  EXPECT_EQ(TraceParent(kTrace), kTrace);
  for (const std::string& word :
       {std::string("Maren Oakshott"), std::string(kTrace) + "0", "01" + std::string(kTrace + 2),
        std::string(kTrace).replace(5, 1, "Z"), std::string()})
    EXPECT_EQ(TraceParent(word), "") << word;
}

}  // namespace
}  // namespace derwent::rpc
