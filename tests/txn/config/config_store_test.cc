#include "txn/config/config_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::must;
using ::testing::HasSubstr;

constexpr ConfigStore::Author kRoot{.uid = 0, .gid = 0};
constexpr ConfigStore::Author kOther{.uid = 1000, .gid = 1000};

class ConfigStoreTest : public ::testing::Test {
 protected:
  ConfigStore& store() { return *table.context.config; }
  /// The lines that are no comments.
  std::string set() {
    std::string lines;
    std::istringstream text(store().shown());
    for (std::string line; std::getline(text, line);) {
      if (!line.starts_with('#')) lines += line + "\n";
    }
    return lines;
  }
  TxnTable table;
};

TEST_F(ConfigStoreTest, ReplaceSetsTheWholeConfiguration) {
  ASSERT_OK(store().replace("isolation = serializable\nempty = record", kRoot));
  ASSERT_OK(store().replace("group = hudi", kRoot));
  EXPECT_EQ(set(), "group = hudi\n");
  EXPECT_EQ(store().current()->isolation, Isolation::snapshot);
}

TEST_F(ConfigStoreTest, MergeSetsTheKeysItNames) {
  ASSERT_OK(store().replace("empty = record\nidentical = conflict", kRoot));
  ASSERT_OK(store().merge("empty = skip\nprefer_writer = on", kRoot));
  EXPECT_EQ(set(), "identical = conflict\nempty = skip\nprefer_writer = on\n");
}

TEST_F(ConfigStoreTest, AnEmptyValueTakesAKeyBack) {
  ASSERT_OK(store().replace("empty = record\nisolation = serializable", kRoot));
  ASSERT_OK(store().merge("isolation =", kRoot));
  EXPECT_EQ(set(), "empty = record\n");
  EXPECT_EQ(store().current()->isolation, Isolation::snapshot);
}

TEST_F(ConfigStoreTest, GroupLinesKeepTheirOrder) {
  ASSERT_OK(store().replace("group b = hudi\ngroup a = path", kRoot));
  ASSERT_OK(store().merge("group b = partition\ngroup c = path", kRoot));
  EXPECT_EQ(set(), "group b = partition\ngroup a = path\ngroup c = path\n");
}

TEST_F(ConfigStoreTest, AnotherOrderOfGroupLinesIsAChange) {
  ASSERT_OK(store().replace("group * = hudi\ngroup a = path", kRoot));
  const SeqNo before = table.head_seq_no();
  ASSERT_OK(store().replace("group a = path\ngroup * = hudi", kRoot));
  EXPECT_NE(table.head_seq_no(), before);
}

TEST_F(ConfigStoreTest, ABadTextStoresNothingOfIt) {
  ASSERT_OK(store().replace("empty = record", kRoot));
  const SeqNo before = table.head_seq_no();
  EXPECT_ERRNO(store().replace("group = hudi\nempty = perhaps", kRoot), EINVAL);
  EXPECT_ERRNO(store().merge("group = hudi\nfrequency = 7", kRoot), EINVAL);
  EXPECT_EQ(set(), "empty = record\n");
  EXPECT_EQ(table.head_seq_no(), before);
}

TEST_F(ConfigStoreTest, ACheckSaysWhatAWriteWouldAndStoresNothing) {
  using Mode = ConfigStore::Mode;
  ASSERT_OK(store().replace("empty = record", kRoot));
  EXPECT_OK(store().check("empty = skip", Mode::replace, kRoot));
  EXPECT_ERRNO(store().check("empty = perhaps", Mode::merge, kRoot), EINVAL);
  EXPECT_ERRNO(store().check("empty = skip", Mode::merge, kOther), EACCES);
  EXPECT_EQ(set(), "empty = record\n");
}

TEST_F(ConfigStoreTest, WhatIsNotSetIsShownAsACommentWithItsDefault) {
  ASSERT_OK(store().replace("empty = record", kRoot));
  EXPECT_THAT(store().shown(), HasSubstr("# isolation = snapshot\n"));
  EXPECT_THAT(store().shown(), HasSubstr("# group = path\n"));
  EXPECT_THAT(store().shown(), ::testing::Not(HasSubstr("# empty")));
}

TEST_F(ConfigStoreTest, WhatIsShownCanBeWrittenBack) {
  ASSERT_OK(store().replace("group region=* = hudi\nempty = record", kRoot));
  const std::string before = store().shown();
  ASSERT_OK(store().replace(before, kRoot));
  EXPECT_EQ(store().shown(), before);
}

TEST_F(ConfigStoreTest, OnlyTheOwnerAndRootMayWrite) {
  EXPECT_ERRNO(store().merge("empty = record", kOther), EACCES);
  table.setup([](Writer& w) { w.chown(".", 1000, 1000); });
  EXPECT_OK(store().merge("empty = record", kOther));
}

TEST_F(ConfigStoreTest, AFencedMountWritesNothing) {
  auto transaction = must(table.context.catalog->begin());
  must(transaction->raise_term());
  must(transaction->commit());
  EXPECT_ERRNO(store().replace("empty = record", kRoot), ESTALE);
  EXPECT_EQ(set(), "");
}

TEST_F(ConfigStoreTest, IsThereAgainWhenOpenedAgain) {
  ASSERT_OK(store().replace("group = hudi\nempty = record", kRoot));
  const auto again = must(ConfigStore::open(table.context.catalog, Term{1}, system_clock()));
  EXPECT_TRUE(again->current()->record_empty);
  EXPECT_FALSE(again->current()->groups.all_path());
  EXPECT_EQ(again->current()->validity_seq_no, table.head_seq_no());
}

TEST_F(ConfigStoreTest, ATextOfALaterProgramIsRefusedAtOpen) {
  auto transaction = must(table.context.catalog->begin());
  must(transaction->put_config("table.config", "frequency = 7\n"));
  must(transaction->commit());
  EXPECT_ERRNO(ConfigStore::open(table.context.catalog, Term{1}, system_clock()), EPROTO);
}

TEST_F(ConfigStoreTest, ATransactionIsJudgedByWhatTheCatalogHas) {
  auto transaction = must(table.context.catalog->begin());
  must(transaction->put_config("table.config", "empty = record\n"));
  EXPECT_TRUE(must(store().as_of(*transaction))->record_empty);
  EXPECT_FALSE(store().current()->record_empty);
}

}  // namespace
}  // namespace commitfs::testing
