#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/identity/authority.h"
#include "trust/identity/certificate.h"
#include "trust/identity/revocation.h"
#include "trust/identity/spiffe.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;
using ::derwent::testing::TestIdentity;
using ::derwent::testing::TestPki;

constexpr char kDomain[] = "derwent.example";
constexpr char kAgent[] = "spiffe://derwent.example/agency/dfrs/agent/one";
const absl::Time kNow = absl::FromUnixSeconds(1'790'000'000);

TEST(SpiffeTest, ReadsBackEveryKind) {
  for (const char* uri :
       {kAgent, "spiffe://derwent.example/agency/dcc.childrens/console/c-1",
        "spiffe://derwent.example/agency/police.derbys/person/p_17", "spiffe://derwent.example/broker/one"}) {
    const auto id = SpiffeId::Parse(uri);
    ASSERT_OK(id);
    EXPECT_EQ(id->ToString(), uri);
  }
  EXPECT_EQ(SpiffeId::Parse(kAgent)->agency, "dfrs");
  EXPECT_EQ(SpiffeId::Parse("spiffe://derwent.example/broker/one")->agency, "");
}

TEST(SpiffeTest, RefusesWhatIsNotCanonical) {
  for (const std::string& uri : std::vector<std::string>{"",
                                                         "spiffe://",
                                                         "SPIFFE://derwent.example/broker/one",
                                                         "https://derwent.example/broker/one",
                                                         "spiffe://derwent.example",
                                                         "spiffe://derwent.example/",
                                                         "spiffe://derwent.example/broker",
                                                         "spiffe://derwent.example/broker/",
                                                         "spiffe://derwent.example/broker/one/",
                                                         "spiffe://derwent.example//broker/one",
                                                         "spiffe://derwent.example:443/broker/one",
                                                         "spiffe://user@derwent.example/broker/one",
                                                         "spiffe://derwent.example/broker/one?x=y",
                                                         "spiffe://derwent.example/broker/one#f",
                                                         "spiffe://Derwent.example/broker/one",
                                                         "spiffe://derwent.example/agency/dfrs/admin/one",
                                                         "spiffe://derwent.example/agency/dfrs/broker/one",
                                                         "spiffe://derwent.example/agency/../agent/one",
                                                         "spiffe://derwent.example/agency/./agent/one",
                                                         "spiffe://derwent.example/agency/df%72s/agent/one",
                                                         "spiffe://derwent.example/agency/dfrs/agent/one two",
                                                         std::string("spiffe://derwent.example/broker/one\0x", 37),
                                                         "spiffe://derwent.example/broker/\xC3\xA9",
                                                         "spiffe://derwent.example/broker/" + std::string(230, 'a')}) {
    EXPECT_THAT(SpiffeId::Parse(uri), StatusIs(absl::StatusCode::kInvalidArgument)) << uri;
  }
}

class IdentityTest : public ::testing::Test {
 protected:
  TestPki pki_{kNow};
  Authority authority_ = Authority::FromPem(pki_.ca_pem(), kDomain).value();
};

TEST_F(IdentityTest, AcceptsACertificateOfTheConsortium) {
  const TestIdentity identity = pki_.Issue(kAgent);
  const auto certificate = Certificate::FromPem(identity.certificate_pem);
  ASSERT_OK(certificate);
  EXPECT_OK(authority_.Verify(*certificate, kNow));
  EXPECT_EQ(certificate->id().ToString(), kAgent);
  EXPECT_EQ(certificate->der(), identity.certificate_der);
  EXPECT_EQ(Certificate::FromDer(identity.certificate_der)->serial(), certificate->serial());
}

TEST_F(IdentityTest, RefusesACertificateOutsideItsTime) {
  const Certificate certificate = Certificate::FromPem(pki_.Issue(kAgent, absl::Hours(10)).certificate_pem).value();
  EXPECT_THAT(authority_.Verify(certificate, kNow + absl::Hours(11)), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(authority_.Verify(certificate, kNow - absl::Hours(2)), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(IdentityTest, RefusesAnotherAuthorityAndAnotherTrustDomain) {
  TestPki stranger(kNow);  // The same names, another key.
  EXPECT_THAT(authority_.Verify(Certificate::FromPem(stranger.Issue(kAgent).certificate_pem).value(), kNow),
              StatusIs(absl::StatusCode::kUnauthenticated));
  const Certificate elsewhere =
      Certificate::FromPem(pki_.Issue("spiffe://elsewhere.example/broker/one").certificate_pem).value();
  EXPECT_THAT(authority_.Verify(elsewhere, kNow), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(IdentityTest, RefusesCertificatesWithoutExactlyOneUri) {
  EXPECT_FALSE(Certificate::FromPem(pki_.ca_pem()).ok());
  EXPECT_FALSE(Certificate::FromPem("").ok());
  EXPECT_FALSE(Certificate::FromDer("").ok());
  const TestIdentity identity = pki_.Issue(kAgent);
  EXPECT_FALSE(Certificate::FromDer(identity.certificate_der + "x").ok());
  EXPECT_FALSE(Certificate::FromPem("junk\n" + identity.certificate_pem).ok());
}

TEST_F(IdentityTest, RefusesAnAuthorityWithoutARoot) {
  EXPECT_THAT(Authority::FromPem("", kDomain), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Authority::FromPem(pki_.Issue(kAgent).certificate_pem, kDomain),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(IdentityTest, KnowsTheSerialsOfTheListAndThoseBesideIt) {
  const TestIdentity gone = pki_.Issue(kAgent);
  const TestIdentity stays = pki_.Issue(kAgent);
  auto revoked = RevocationSet::FromPem(pki_.Crl({gone.serial}), authority_, kNow);
  ASSERT_OK(revoked);
  EXPECT_TRUE(revoked->IsRevoked(gone.serial));
  EXPECT_FALSE(revoked->IsRevoked(stays.serial));
  revoked->Revoke(stays.serial);
  EXPECT_TRUE(revoked->IsRevoked(stays.serial));
  EXPECT_EQ(revoked->next_update(), kNow + absl::Hours(24 * 30));
}

TEST_F(IdentityTest, WhatARevokedAuthorityIssuedCountsNoLonger) {
  TestPki pki(kNow, TestPki::Depth::kIssuingBelow);
  const Authority authority = Authority::FromPem(pki.ca_pem(), kDomain).value();
  const Certificate certificate = Certificate::FromPem(pki.Issue(kAgent).certificate_pem).value();
  const auto before = RevocationSet::FromPem(pki.RootCrl({}) + pki.Crl({}), authority, kNow);
  ASSERT_OK(before);
  const auto chain = before->Verify(certificate, authority, kNow);
  ASSERT_OK(chain);
  EXPECT_FALSE(before->BreaksChain(*chain));

  const auto after =
      RevocationSet::FromPem(pki.RootCrl({.serials = {pki.authority_serial()}}) + pki.Crl({}), authority, kNow);
  ASSERT_OK(after);
  EXPECT_TRUE(after->BreaksChain(*chain));
  EXPECT_THAT(after->Verify(certificate, authority, kNow), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_FALSE(after->At(kNow - absl::Hours(2)).BreaksChain(*chain)) << "what it signed before proves what it proved";
}

TEST_F(IdentityTest, AnEmptyChainIsRevoked) {
  EXPECT_TRUE(RevocationSet::FromPem(pki_.Crl({}), authority_, kNow)->BreaksChain({}));
}

TEST_F(IdentityTest, KnowsWhatWasRevokedAtATime) {
  const TestIdentity gone = pki_.Issue(kAgent);
  auto revoked = RevocationSet::FromPem(pki_.Crl({gone.serial}, kNow - absl::Hours(2)), authority_, kNow);
  ASSERT_OK(revoked);
  revoked->Revoke("beside it");
  EXPECT_FALSE(revoked->At(kNow - absl::Hours(2) - absl::Seconds(1)).IsRevoked(gone.serial));
  EXPECT_TRUE(revoked->At(kNow - absl::Hours(2)).IsRevoked(gone.serial));
  EXPECT_TRUE(revoked->At(absl::UnixEpoch()).IsRevoked("beside it"));
  EXPECT_TRUE(revoked->IsRevoked(gone.serial));
}

TEST_F(IdentityTest, RefusesAListThatIsAbsentOutOfDateOrForged) {
  EXPECT_THAT(RevocationSet::FromPem("", authority_, kNow), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(RevocationSet::FromPem(pki_.ca_pem(), authority_, kNow), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(RevocationSet::FromPem(pki_.Crl({}), authority_, kNow + absl::Hours(24 * 31)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(RevocationSet::FromPem(TestPki(kNow).Crl({}), authority_, kNow),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

class TwoAuthoritiesTest : public ::testing::Test {
 protected:
  absl::StatusOr<RevocationSet> Lists(const std::string& pem) { return RevocationSet::FromPem(pem, authority_, kNow); }

  TestPki pki_{kNow, TestPki::Depth::kIssuingBelow};
  Authority authority_ = Authority::FromPem(pki_.ca_pem(), kDomain).value();
};

TEST_F(TwoAuthoritiesTest, RefusesAListThatIsCutShortOrMalformed) {
  const std::string root = pki_.RootCrl({});
  const std::string issuing = pki_.Crl({pki_.Issue(kAgent).serial});
  ASSERT_OK(Lists(root + issuing));
  EXPECT_THAT(Lists(root + issuing.substr(0, issuing.size() / 2)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Lists(issuing + root.substr(0, root.size() / 2)), StatusIs(absl::StatusCode::kInvalidArgument));
  std::string garbled = issuing;
  garbled[garbled.size() / 2] = '!';
  EXPECT_THAT(Lists(root + garbled), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(TwoAuthoritiesTest, RefusesAuthoritiesThatAreCutShort) {
  const std::string pem = pki_.ca_pem();
  EXPECT_THAT(Authority::FromPem(pem.substr(0, pem.size() - 100), kDomain),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(TwoAuthoritiesTest, NeedsTheListOfEveryAuthorityThatIssues) {
  EXPECT_OK(Lists(pki_.Crl({}))) << "the root issues to nobody but an authority";
  EXPECT_THAT(Lists(pki_.RootCrl({})), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(Lists(pki_.RootCrl({.serials = {pki_.authority_serial()}}))) << "a revoked one need give none";
}

TEST_F(TwoAuthoritiesTest, AnOlderListDoesNotFollowANewerOne) {
  const auto at = [&](absl::Duration ago, std::optional<uint64_t> number) {
    return Lists(pki_.CrlOf(testing::TestList{.made = kNow - ago, .number = number})).value();
  };
  EXPECT_OK(at(absl::Hours(1), std::nullopt).CheckFollows(at(absl::Hours(2), std::nullopt), authority_, kNow));
  EXPECT_OK(at(absl::Hours(1), std::nullopt).CheckFollows(at(absl::Hours(1), std::nullopt), authority_, kNow));
  EXPECT_THAT(at(absl::Hours(2), std::nullopt).CheckFollows(at(absl::Hours(1), std::nullopt), authority_, kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(at(absl::Hours(2), 256).CheckFollows(at(absl::Hours(1), 255), authority_, kNow)) << "the number counts";
  EXPECT_THAT(at(absl::Hours(1), 255).CheckFollows(at(absl::Hours(1), 256), authority_, kNow),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TwoAuthoritiesTest, AListThatWasTakenIsNotLeftOutAgain) {
  const RevocationSet both = Lists(pki_.RootCrl({}) + pki_.Crl({})).value();
  const RevocationSet one = Lists(pki_.Crl({})).value();
  EXPECT_OK(both.CheckFollows(one, authority_, kNow));
  EXPECT_THAT(one.CheckFollows(both, authority_, kNow), StatusIs(absl::StatusCode::kFailedPrecondition));
  const RevocationSet revoked = Lists(pki_.RootCrl({.serials = {pki_.authority_serial()}})).value();
  EXPECT_OK(revoked.CheckFollows(both, authority_, kNow)) << "a revoked authority gives none any more";
}

}  // namespace
}  // namespace derwent::trust
