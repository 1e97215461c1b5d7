#include "tests/support/table_fixture.h"
#include "txn/session_manager.h"

namespace commitfs::test {
namespace {

class Recovery : public TableFixture {
 protected:
  /// As a daemon that died left it.
  void leave(std::uint64_t id, const std::string& name) {
    StagingBatch batch;
    batch.session = SessionId{id};
    batch.row = new_row(SeqNo{1}, 1000, 1000);
    batch.row->id = SessionId{id};
    batch.row->name = name;
    must(staging_->write({batch}, Durability::now));
  }
  std::vector<std::string> recovered_names() {
    SessionManager manager(context_, Term{1}, staging_, CommitOptions{});
    must(manager.recover());
    std::vector<std::string> names;
    for (const auto& session : manager.list())
      names.push_back(session->name());
    return names;
  }

  std::shared_ptr<Staging> staging_ = make_memory_staging();
};

TEST_F(Recovery, GivesEverySessionANameWhateverTheOthersAreCalled) {
  leave(1, "a.3");
  leave(2, "a");
  leave(3, "a");
  const std::string longest(255, 'n');
  leave(4, longest);
  leave(5, longest);
  EXPECT_EQ(recovered_names(),
            (std::vector<std::string>{"a", "a.3", "a.3.2", longest.substr(2) + ".5", longest}));
}

}  // namespace
}  // namespace commitfs::test
