#include "agents/daemon/participant/own_entries.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

#include "derwent/v1/case_request.pb.h"
#include "derwent/v1/dsse.pb.h"
#include "derwent/v1/ledger.pb.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/referral.pb.h"
#include "tests/support/matchers.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StatusIs;
using trust::Field;

constexpr char kUs[] = "dcc.adults";

std::string ManifestOf(const std::string& share, const std::string& from, const std::string& to) {
  v1::Manifest manifest;
  manifest.set_share_id(share);
  manifest.set_sender_agency(from);
  manifest.set_recipient_agency(to);
  return manifest.SerializeAsString();
}
std::string DigestOf(const std::string& share, const std::string& from, const std::string& to) {
  return trust::Sha256(ManifestOf(share, from, to)).bytes();
}
v1::Submission SubmissionOf(const std::string& manifest) {
  v1::Submission submission;
  submission.mutable_package()->mutable_manifest()->set_payload(manifest);
  return submission;
}

// An entry of the ledger, as it opens.
struct Entry {
  std::string step;
  std::string actor = "releasing";
  std::string releasing = kUs;
  std::string receiving = "dfrs";
  std::string share;
  std::string request;
  std::string manifest;
  std::string form = "full";  // Given of the one category; empty: nothing was.
};

trust::Opening Open(const Entry& entry, const trust::FieldSet& which = trust::FieldSet().set()) {
  trust::SealedFields fields;
  fields[Field::kReleasingAgency] = entry.releasing;
  fields[Field::kReceivingAgency] = entry.receiving;
  fields[Field::kCategories] = absl::StrCat("category=identity asked=full outcome=PERMIT",
                                            entry.form.empty() ? "" : absl::StrCat(" form=", entry.form), "\n");
  fields[Field::kIds] = absl::StrCat("share=", entry.share, " request=", entry.request);
  fields[Field::kManifestDigest] = entry.manifest;
  fields[Field::kStep] = absl::StrCat("step=", entry.step, " actor=", entry.actor);
  trust::SystemRandom random;
  fields.Salt(random);
  return trust::Opening::Of(fields, trust::HashFields(fields), which);
}

// Of this agency: share `out` waits to go to dfrs, `stored` went there, its receipt kept; request `asked` went to dfrs;
// answer `answer` waits to go to police; selector `question` came from police; an approval `approval` was asked for.
class OwnEntriesTest : public ::testing::Test {
 protected:
  OwnEntriesTest() : folder_(::testing::TempDir() + "derwent_own_XXXXXX") {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    state_ = State::Open(folder_ + "/agent.db", clock_).value();
    requests_ = RequestState::Open(*state_).value();
    v1::SubmitReferralRequest submit;
    *submit.add_submissions() = SubmissionOf(ManifestOf("out", kUs, "dfrs"));
    EXPECT_OK(state_->SavePush(
        "REF", "digest",
        {{.share_id = "out", .state = "QUEUED", .submit = submit.SerializeAsString(), .create_time = noon_},
         {.share_id = "stored", .state = "STORED", .create_time = noon_},
         {.share_id = "held", .state = "PENDING", .create_time = noon_}},
        {}));
    KeepReceipt({.step = "referral", .share = "stored", .manifest = DigestOf("stored", kUs, "dfrs")});
    EXPECT_OK(requests_->SaveAsked({.request_id = "asked",
                                    .request_ref = "REF",
                                    .request_digest = "d",
                                    .acting_person = "p-1",
                                    .state = "STORED",
                                    .create_time = noon_},
                                   {{"dfrs", ManifestOf("asked", kUs, "dfrs")}}));
    v1::SubmitCaseAnswerRequest answer;
    *answer.mutable_submission() = SubmissionOf(ManifestOf("answer", kUs, "police.derbys"));
    EXPECT_OK(state_->Together([&](Changes& changes) {
      return changes.SaveHeld({.request_id = "question", .details = "sealed", .next_time = noon_});
    }));
    EXPECT_OK(requests_->UpdateHeld({.request_id = "question", .details = "sealed", .next_time = noon_},
                                    AnswerRow{.share_id = "answer",
                                              .request_id = "question",
                                              .submit = answer.SerializeAsString(),
                                              .not_before = noon_,
                                              .state = "QUEUED"}));
    const InboxRow question{.share_id = "question",
                            .delivery_id = "d",
                            .sender = "police.derbys",
                            .state = "RECEIVED",
                            .manifest = ManifestOf("question", "police.derbys", kUs),
                            .manifest_digest = DigestOf("question", "police.derbys", kUs),
                            .receive_time = noon_};
    EXPECT_OK(state_->Together([&](Changes& changes) { return changes.SaveReceived(question, "").status(); }));
    EXPECT_OK(requests_->AddApproval(
        {.approval_id = "approval", .request_id = "question", .role = "spoc", .state = "WAITING", .due = noon_}));
  }
  ~OwnEntriesTest() override { std::filesystem::remove_all(folder_); }

  void KeepReceipt(const Entry& entry, const trust::FieldSet& which = trust::FieldSet().set()) {
    v1::Receipt receipt;
    receipt.set_index(7);
    receipt.set_tlog_proof(
        trust::TlogProof{.extra = Open(entry, which).ToExtra(), .index = 7, .path = {}, .checkpoint = "note\n\n"}
            .ToString());
    EXPECT_OK(state_->Together([&](Changes& changes) {
      return changes.AddReceipts({{.share_id = entry.share, .index = 7, .receipt = receipt.SerializeAsString()}},
                                 "checkpoint", [] { return ""; });
    }));
  }
  void Say(const std::string& kind, const std::string& share, const std::string& peer) {
    EXPECT_OK(state_->QueueMessage({.request_id = "r", .share_id = share, .peer = peer, .kind = kind},
                                   absl::StrCat(kind, share), [](uint32_t) { return "signed"; }));
  }
  std::string Misfit(const Entry& entry) {
    OwnEntries own(kUs, KnownShares(*state_, *requests_));
    const auto misfit = own.Misfit(Open(entry));
    EXPECT_OK(misfit);
    return misfit.value_or("");
  }

  const absl::Time noon_ = absl::FromUnixSeconds(1'800'000'000);
  SystemClock clock_;
  std::string folder_;
  std::unique_ptr<State> state_;
  std::unique_ptr<RequestState> requests_;
};

TEST_F(OwnEntriesTest, WhatThisAgencySignedFits) {
  EXPECT_THAT(Misfit({.step = "referral", .share = "out", .manifest = DigestOf("out", kUs, "dfrs")}), IsEmpty())
      << "signed before it is sent, so known before any receipt of it";
  EXPECT_THAT(Misfit({.step = "referral", .share = "stored", .manifest = DigestOf("stored", kUs, "dfrs")}), IsEmpty());
  EXPECT_THAT(
      Misfit(
          {.step = "collection", .actor = "receiving", .share = "stored", .manifest = DigestOf("stored", kUs, "dfrs")}),
      IsEmpty());
  EXPECT_THAT(Misfit({.step = "answer",
                      .receiving = "police.derbys",
                      .share = "answer",
                      .manifest = DigestOf("answer", kUs, "police.derbys")}),
              IsEmpty());
  EXPECT_THAT(Misfit({.step = "answer",
                      .receiving = "",
                      .share = "answer",
                      .manifest = DigestOf("answer", kUs, "police.derbys"),
                      .form = ""}),
              IsEmpty())
      << "a refused answer is entered for the holder alone";
  EXPECT_THAT(Misfit({.step = "request",
                      .actor = "receiving",
                      .releasing = "dfrs",
                      .receiving = kUs,
                      .share = "asked",
                      .manifest = DigestOf("asked", kUs, "dfrs"),
                      .form = ""}),
              IsEmpty());
}

TEST_F(OwnEntriesTest, WhatItDidNotSignDoesNot) {
  const Entry forged[] = {
      {.step = "referral", .share = "unknown", .manifest = DigestOf("unknown", kUs, "dfrs")},
      {.step = "referral", .actor = "broker", .share = "unknown"},
      {.step = "answer", .receiving = "police.derbys", .share = "unknown"},
      {.step = "supplement", .receiving = "police.derbys", .share = "unknown", .form = ""},
      {.step = "referral", .share = "question", .manifest = DigestOf("question", "police.derbys", kUs)},
      {.step = "request", .actor = "receiving", .releasing = "dfrs", .receiving = kUs, .share = "unknown", .form = ""},
      {.step = "check", .share = "unknown", .form = ""},
      {.step = "collection", .actor = "receiving", .share = "unknown"},
      {.step = "referral", .share = "held", .manifest = DigestOf("held", kUs, "dfrs")},  // Held back: never sent.
      {.step = "plan", .share = "unknown"},
      {.step = "of-tomorrow", .share = "stored", .manifest = DigestOf("stored", kUs, "dfrs")},
      {.step = "approval_used", .share = "unknown", .form = ""},
  };
  for (const Entry& entry : forged) EXPECT_NE(Misfit(entry), "") << entry.step << " " << entry.share;
}

TEST_F(OwnEntriesTest, AnotherManifestThanItSignedDoesNotFit) {
  const std::string other(32, 'x');
  EXPECT_THAT(Misfit({.step = "referral", .share = "out", .manifest = other}), HasSubstr("another manifest"));
  EXPECT_THAT(Misfit({.step = "collection", .actor = "receiving", .share = "stored", .manifest = other}),
              HasSubstr("another manifest"));
  EXPECT_THAT(
      Misfit({.step = "referral", .receiving = "cbc", .share = "out", .manifest = DigestOf("out", kUs, "dfrs")}),
      HasSubstr("another manifest"))
      << "to whom it did not send it";
  EXPECT_THAT(Misfit({.step = "expiry",
                      .actor = "broker",
                      .receiving = "police.derbys",
                      .share = "question",
                      .manifest = other,
                      .form = ""}),
              HasSubstr("another manifest"));
}

TEST_F(OwnEntriesTest, AQuestionPutToItNeedsNoSignatureOfItsAsLongAsNothingIsGiven) {
  for (const char* step : {"request", "collection", "held", "expiry"}) {
    const Entry asked{
        .step = step, .actor = "receiving", .receiving = "police.derbys", .share = "not collected", .form = ""};
    EXPECT_THAT(Misfit(asked), IsEmpty()) << step;
    Entry given = asked;
    given.form = "full";
    EXPECT_NE(Misfit(given), "") << step;
  }
}

TEST_F(OwnEntriesTest, AMessageOfItsWasSignedHere) {
  const Entry progress{.step = "progress",
                       .receiving = "police.derbys",
                       .share = "question",
                       .manifest = DigestOf("question", "police.derbys", kUs),
                       .form = ""};
  EXPECT_THAT(Misfit(progress), HasSubstr("message"));
  Say("PROGRESS", "question", "police.derbys");
  EXPECT_THAT(Misfit(progress), IsEmpty());
  Entry others = progress;
  others.actor = "receiving";
  others.step = "withdrawal";
  EXPECT_THAT(Misfit(others), IsEmpty()) << "what the other party told is its own";
  const Entry acknowledged{
      .step = "acknowledgement", .actor = "receiving", .releasing = "dfrs", .receiving = kUs, .share = "theirs"};
  EXPECT_THAT(Misfit(acknowledged), HasSubstr("message")) << "on the receiving side too";
}

TEST_F(OwnEntriesTest, WhatItSaidOfAPersonsRightsWasSignedHere) {
  v1::DsseEnvelope notice;
  notice.set_payload("notice");
  v1::DsseEnvelope answer;
  answer.set_payload("answer");
  const Entry told{.step = "rights_notice",
                   .share = "stored",
                   .request = "event",
                   .manifest = trust::Sha256(notice.payload()).bytes(),
                   .form = ""};
  const Entry answered{.step = "rights_answer",
                       .actor = "receiving",
                       .releasing = "police.derbys",
                       .receiving = kUs,
                       .share = "theirs",
                       .request = "event",
                       .manifest = trust::Sha256(answer.payload()).bytes(),
                       .form = ""};
  EXPECT_THAT(Misfit(told), HasSubstr("rights"));
  EXPECT_THAT(Misfit(answered), HasSubstr("rights"));
  EXPECT_OK(state_->SaveRights({{.event_id = "event",
                                 .share_id = "stored",
                                 .peer = "dfrs",
                                 .own = true,
                                 .state = "REFUSED",
                                 .notice = notice.SerializeAsString(),
                                 .create_time = noon_}},
                               {.request_id = "event", .method = "NOTIFY"}));
  EXPECT_OK(state_->TakeRights({.event_id = "another",
                                .share_id = "theirs",
                                .peer = "police.derbys",
                                .state = "ANSWERED",
                                .answer = answer.SerializeAsString(),
                                .create_time = noon_}));
  EXPECT_THAT(Misfit(told), IsEmpty());
  EXPECT_THAT(Misfit(answered), IsEmpty());
  Entry gives = told;
  gives.form = "full";
  EXPECT_NE(Misfit(gives), "");
  Entry theirs = answered;
  theirs.step = "rights_notice";
  theirs.actor = "releasing";
  theirs.manifest = std::string(32, 'x');
  EXPECT_THAT(Misfit(theirs), IsEmpty()) << "what the other party told is its own";
}

TEST_F(OwnEntriesTest, ApprovalsAreThoseItAskedFor) {
  for (const char* step : {"approval_asked", "approval"}) {
    EXPECT_THAT(Misfit({.step = step, .receiving = "cbc", .request = "approval", .form = ""}), IsEmpty()) << step;
    EXPECT_NE(Misfit({.step = step, .receiving = "cbc", .request = "another", .form = ""}), "") << step;
  }
  EXPECT_THAT(Misfit({.step = "approval_used", .receiving = "", .share = "answer", .form = ""}), IsEmpty());
}

TEST_F(OwnEntriesTest, WhatConcernsItAloneAndOthersStatementsNeedNothing) {
  for (const char* step : {"plan", "read", "restriction", "case_opened", "erasure_attested", "hold"})
    EXPECT_THAT(Misfit({.step = step, .receiving = "", .form = ""}), IsEmpty()) << step;
  EXPECT_THAT(Misfit({.step = "referral", .releasing = "cbc", .receiving = kUs, .share = "not collected"}), IsEmpty());
}

TEST_F(OwnEntriesTest, WhatWasErasedHereCannotBeCompared) {
  trust::FieldSet erased = trust::FieldSet().set();
  erased.reset(static_cast<size_t>(Field::kManifestDigest) - 1);
  v1::Receipt closed;
  closed.set_index(7);
  closed.set_tlog_proof(
      trust::TlogProof{.extra = Open({.step = "referral", .share = "stored", .manifest = "gone"}, erased).ToExtra(),
                       .index = 7,
                       .path = {},
                       .checkpoint = "note\n\n"}
          .ToString());
  const auto as_it_is = [](const std::string& kept) -> absl::StatusOr<std::string> { return kept; };
  ASSERT_OK(state_->RewriteShare("stored", {{.share_id = "stored", .index = 7, .receipt = closed.SerializeAsString()}},
                                 as_it_is, as_it_is));
  EXPECT_THAT(
      Misfit({.step = "outcome_overdue", .actor = "broker", .share = "stored", .manifest = std::string(32, 'x')}),
      IsEmpty());
}

TEST_F(OwnEntriesTest, AnEntryMustOpenWhatIsComparedAndNameTheAgency) {
  OwnEntries own(kUs, KnownShares(*state_, *requests_));
  trust::FieldSet closed = trust::FieldSet().set();
  closed.reset(static_cast<size_t>(Field::kReleasingAgency) - 1);
  EXPECT_THAT(own.Misfit(Open({.step = "referral", .share = "out"}, closed)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("releasing")));
  EXPECT_THAT(own.Misfit(Open({.step = "referral", .releasing = "cbc", .receiving = "dfrs"})),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("does not name")));
}

TEST_F(OwnEntriesTest, WhatWaitsForItsReceiptIsKnown) {
  KnownShares known(*state_, *requests_);
  EXPECT_EQ(known.UnansweredSince(noon_).value(), "answer") << "its slot has come";
  EXPECT_EQ(known.UnansweredSince(noon_ + absl::Seconds(1)).value(), "out");
  EXPECT_EQ(known.UnansweredSince(noon_ - absl::Seconds(1)).value(), "");
}

// A step that the broker enters and the agent does not know would stop the key for good.
TEST_F(OwnEntriesTest, EveryStepThatTheBrokerEntersIsKnown) {
  const std::regex entered(R"re((?:(?:EntryDraft draft|EnterStep|EnterCase|EnterCommand)\(|\.name = )"([a-z_]+)")re");
  std::set<std::string> steps;
  for (const auto& file : std::filesystem::recursive_directory_iterator("broker/exchange")) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path());
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    for (std::sregex_iterator found(text.begin(), text.end(), entered), end; found != end; ++found)
      steps.insert((*found)[1]);
  }
  EXPECT_GE(steps.size(), 15u) << "the sources are read";
  for (const std::string& step : steps)
    EXPECT_NE(Misfit({.step = step, .share = "stored", .manifest = DigestOf("stored", kUs, "dfrs"), .form = ""}),
              "it tells of a step that this agency does not know")
        << step;
}

TEST_F(OwnEntriesTest, ALaterVersionAndAReadmissionFit) {
  EXPECT_THAT(Misfit({.step = "supersession", .share = "stored", .manifest = DigestOf("stored", kUs, "dfrs")}),
              IsEmpty());
  EXPECT_THAT(Misfit({.step = "case_readmitted", .form = ""}), IsEmpty());
}

}  // namespace
}  // namespace derwent::agents
