// What a case-data request names beside its purpose: the reference of a document, and the route that it takes by it.
#include "policy/loader/asked_route.h"

#include <string>

#include "gtest/gtest.h"

#include "policy/loader/written_request.h"

namespace derwent::policy {
namespace {

TEST(DocumentReference, IsTheNumberOfALetter) {
  for (const char* reference :
       {"ASBCR/2026/0117", "S47-26-0443", "SCRUTINY/26/3", "Q1.2", "A1/", "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b40"})
    EXPECT_TRUE(IsDocumentReference(reference)) << reference;
}

TEST(DocumentReference, IsNoTextAndNamesNobody) {
  const std::string long_one = "A1" + std::string(39, '.');
  for (const std::string& text : std::initializer_list<std::string>{"",
                                                                    "A1",
                                                                    "KESTREL",
                                                                    "Kestrel-1",
                                                                    "ABEL KESTREL 1",
                                                                    "re Mr Kestrel",
                                                                    "OAKSHOTTMAREN-1",
                                                                    "K-1949-05-02",
                                                                    "K/02.05.1949",
                                                                    "NHS9990000026",
                                                                    "T-07700900123",
                                                                    "2026/0117",
                                                                    "A_1",
                                                                    "A=1",
                                                                    "A,1",
                                                                    "A\n1",
                                                                    "\xc5\xbb-1",
                                                                    "REF-\xff"
                                                                    "1",
                                                                    long_one,
                                                                    "5F0C9D0E-7A53-4C1E-9D55-0D6A3C8E1B40"})
    EXPECT_FALSE(IsDocumentReference(text)) << text;
}

TEST(AskedRoute, IsWhatTheRequestNames) {
  EXPECT_EQ(AskedRoute("case.asb_review", ""), std::nullopt);
  EXPECT_EQ(AskedRoute("oversight.scrutiny", ""), std::nullopt)
      << "the engine's: a statutory request without its document";
  EXPECT_EQ(AskedRoute("case.asb_review", "ASBCR/2026/0117"), Route::kStatutoryRequest);
  EXPECT_EQ(AskedRoute("emergency.vital", "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b40"), Route::kBreakGlass)
      << "its document is a declaration";
  EXPECT_EQ(AskedRouteName("case.asb_review", "ASBCR/2026/0117"), "STATUTORY_REQUEST");
  EXPECT_EQ(AskedRouteName("case.asb_review", ""), "");
}

}  // namespace
}  // namespace derwent::policy
