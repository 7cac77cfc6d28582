// What ends soon: renewed in time, or nothing flows on the day after.
#include "policy/loader/ends.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "policy/loader/directory.h"
#include "policy/loader/text.h"
#include "trust/base/london.h"

namespace derwent::policy {
namespace {

bool Soon(absl::CivilDay last, absl::CivilDay day) { return day <= last && last <= day + kDaysAhead; }

std::string When(absl::CivilDay last, absl::CivilDay day) {
  const auto left = last - day;
  return absl::StrCat("on ", FormatDay(last),
                      left == 0   ? ", today"
                      : left == 1 ? ", in 1 day"
                                  : absl::StrCat(", in ", left, " days"));
}

class Ends {
 public:
  Ends(absl::CivilDay day, Problems& problems) : day_(day), problems_(problems) {}

  void Of(absl::string_view file, absl::string_view near, absl::string_view what, absl::CivilDay last,
          absl::string_view advice) {
    if (Soon(last, day_)) Warn(file, near, "ends-soon", absl::StrCat(what, " ends ", When(last, day_)), advice);
  }
  void Warn(absl::string_view file, absl::string_view near, absl::string_view rule, std::string message,
            absl::string_view advice) {
    problems_.Warn(Severity::kWarning, file, near, rule, std::move(message), std::string(advice));
  }

  // Later than what else ends: the next year's holidays are announced long before, and nothing would stop without them.
  void OfCalendar(const Policy& policy) {
    const absl::CivilDay last = policy.bank_holidays.empty() ? absl::CivilDay::min() : *policy.bank_holidays.rbegin();
    if (last >= day_ + kCalendarDaysAhead) return;
    const std::string named = policy.bank_holidays.empty() ? "none" : FormatDay(last);
    Warn("calendar.txtpb", named, "calendar-ends",
         absl::StrCat("the last bank holiday named is ", named, ": every later one counts as a working day"),
         "add the next year's bank holidays in England");
  }

  void OfAgreement(const Agreement& agreement) {
    const std::string file = absl::StrCat("agreements/", agreement.id, ".txtpb");
    const absl::CivilDay last = agreement.effective.last;
    problems_.Stand(file, "effective_to", -1);
    Of(file, "", absl::StrCat("agreement `", agreement.id, "`"), last, "renew it, or nothing flows under it after");
    if (last < day_)
      Warn(file, "", "ended", absl::StrCat("agreement `", agreement.id, "` ended on ", FormatDay(last)),
           "nothing flows under it: renew or remove it");
    problems_.Stand(file, "review_date", -1);
    Review(file, absl::StrCat("review of agreement `", agreement.id, "`"), agreement.review,
           "review it and set the next date");
    problems_.Stand(file, "apd_review_date", -1);
    Review(file, absl::StrCat("review of the appropriate policy document of `", agreement.id, "`"),
           agreement.apd_review, "without it special-category and offence data stop flowing after");
    problems_.Leave();
  }

 private:
  void Review(const std::string& file, absl::string_view what, absl::CivilDay due, absl::string_view advice) {
    if (due == absl::CivilDay::min()) return;  // None is stated.
    if (Soon(due, day_)) Warn(file, "", "review-due", absl::StrCat(what, " is due ", When(due, day_)), advice);
    if (due < day_) Warn(file, "", "review-due", absl::StrCat(what, " was due on ", FormatDay(due)), advice);
  }

  const absl::CivilDay day_;
  Problems& problems_;
};

template <typename Map, typename Use>
void InOrder(const Map& map, Use use) {
  std::set<std::string> ids;
  for (const auto& entry : map) ids.insert(entry.first);
  for (const std::string& id : ids) use(map.at(id));
}

}  // namespace

void WarnOfEnds(const Policy& policy, absl::CivilDay day, Problems& problems) {
  Ends ends(day, problems);
  InOrder(policy.organisations, [&](const Organisation& next) {
    problems.Stand("organisations.txtpb", "organisations", 0);
    const auto agreements = std::count_if(policy.agreements.begin(), policy.agreements.end(),
                                          [&](const Agreement& a) { return a.parties.contains(next.id); });
    ends.Of("organisations.txtpb", next.id,
            absl::StrCat("organisation `", next.id, "`, party to ", agreements, " agreements,"), next.valid.last,
            "name its successors and have them sign");
  });
  InOrder(policy.areas, [&](const Area& next) {
    problems.Stand("areas.txtpb", "areas", 0);
    ends.Of("areas.txtpb", next.gss, absl::StrCat("area `", next.gss, "`"), next.valid.last,
            "add the area that takes its place, to agreements too");
  });
  InOrder(policy.purposes, [&](const Purpose& next) {
    problems.Stand("vocabulary.txtpb", "purposes", 0);
    ends.Of("vocabulary.txtpb", next.id, absl::StrCat("purpose `", next.id, "`"), next.valid.last,
            "nothing is shared for it after");
  });
  for (const auto& [id, valid] : policy.role_days) {
    problems.Stand("vocabulary.txtpb", "roles", 0);
    ends.Of("vocabulary.txtpb", id, absl::StrCat("role `", id, "`"), valid.last, "nobody acts in it after");
  }
  InOrder(policy.gateways, [&](const Gateway& next) {
    problems.Stand("gateways.txtpb", "gateways", 0);
    ends.Of("gateways.txtpb", next.id, absl::StrCat("gateway `", next.id, "`"), next.effective_to,
            "name another gateway in the profiles that rest on it");
  });
  problems.Leave();
  ends.OfCalendar(policy);
  for (const Agreement& agreement : policy.agreements) ends.OfAgreement(agreement);
}

void WarnOfEndsInDirectory(const Files& files, const std::string& path, const Policy& policy, absl::CivilDay day,
                           Problems& problems) {
  v1::Directory text;
  if (!ParseText(files, path, text, problems)) return;
  const absl::StatusOr<Directory> directory = CheckDirectory(text, policy);
  if (!directory.ok())
    return problems.Error(path, "", "directory", std::string(directory.status().message()), "correct the directory");
  Ends ends(day, problems);
  for (const Appointment& next : directory->appointments) {
    ends.Of(path, next.person, absl::StrCat("appointment of `", next.person, "` as `", next.holding.role, "`"),
            next.holding.valid.last, "the board's owner appoints again, or the role is no longer held");
  }
  for (const DirectoryEntry& entry : directory->people) {
    for (const RoleHolding& holding : entry.roles) {
      ends.Of(path, entry.id, absl::StrCat("role `", holding.role, "` of `", entry.id, "`"), holding.valid.last,
              "the registrar renews it, or it is no longer held");
    }
    if (entry.training_until.has_value())
      ends.Of(path, entry.id, absl::StrCat("training of `", entry.id, "`"), *entry.training_until,
              "no role counts without training");
  }
}

}  // namespace derwent::policy
