// Programs that carry trees about take along all there is of them.
#include "tests/mounted/programs.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

class ArchivePrograms : public ProgramTest {
 protected:
  /// With access control lists, extended attributes, hard links, holes and odd names.
  void make_source() {
    ok("mkdir $SCRATCH/from; cd $SCRATCH/from; mkdir -p a/b deep/er empty; seq 1 20000 > "
       "a/numbers; "
       "head -c 200000 /dev/urandom > a/b/random; truncate -s 5M sparse; echo x >> sparse; "
       "ln a/numbers hard; ln -s ../a/numbers empty/link; mkfifo pipe; "
       "echo n > $'deep/er/new\\nline'; chmod 4711 a/b/random; chmod 2770 deep; chown 3:4 deep; "
       "setfattr -n user.colour -v blue a/numbers; setfattr -n trusted.kind -v t a; "
       "setfacl -m u:1000:rwx,g:2000:r-x a/numbers; setfacl -d -m u:1000:rwx a; "
       "setfacl -m u:7:--- deep; touch -h -d 2000-01-01 pipe empty/link; "
       "find . -depth -exec touch -h -d '2010-10-10 10:10:10.123456789' {} +");
  }
  std::string lists_of(const std::string& directory) {
    return ok("cd " + directory +
              "; getfacl -R -n . | sort; getfattr -R -h -d -m '^(user|trusted)' . "
              "| grep -v '^user.commitfs' | sort");
  }
};
INSTANTIATE_IN_BOTH_MODES(ArchivePrograms);

TEST_P(ArchivePrograms, RsyncBothWaysWithListsAttributesAndLinks) {
  SKIP_WITHOUT("rsync");
  SKIP_WITHOUT("setfacl");
  make_source();
  session("s", "rsync -aHAX --checksum $SCRATCH/from/ to/");
  EXPECT_EQ(ok("rsync -aHAXni --checksum --delete $SCRATCH/from/ sessions/s/to/"), "");
  ok("mv sessions/s commit/; rsync -aHAX --checksum live/to/ $SCRATCH/back/");
  EXPECT_EQ(detailed_tree(scratch() / "back"), detailed_tree(scratch() / "from"));
  EXPECT_EQ(lists_of("$SCRATCH/back"), lists_of("$SCRATCH/from"));
  EXPECT_EQ(ok("rsync -aHAXni --checksum --delete live/to/ $SCRATCH/back/"), "");
}

TEST_P(ArchivePrograms, TarBothWaysWithListsAndAttributes) {
  SKIP_WITHOUT("setfacl");
  make_source();
  const std::string flags = " --format=posix --acls --xattrs --xattrs-include='*' --sparse ";
  ok("tar -C $SCRATCH" + flags + "-cf $SCRATCH/a.tar from");
  session("s", "tar" + flags + "-xpf $SCRATCH/a.tar");
  ok("mv sessions/s commit/; tar -C live" + flags +
     "-cf $SCRATCH/b.tar from; mkdir $SCRATCH/back; "
     "tar -C $SCRATCH/back" +
     flags + "-xpf $SCRATCH/b.tar");
  EXPECT_EQ(detailed_tree(scratch() / "back/from"), detailed_tree(scratch() / "from"));
  EXPECT_EQ(lists_of("$SCRATCH/back/from"), lists_of("$SCRATCH/from"));
}

TEST_P(ArchivePrograms, CpKeepsAllFromLiveIntoASession) {
  SKIP_WITHOUT("setfacl");
  make_source();
  commit("s", "cp -a $SCRATCH/from to");
  commit("t", "cp -a $MOUNT/live/to again; cp -a again third");
  EXPECT_EQ(detailed_tree(at("live/third")), detailed_tree(scratch() / "from"));
  EXPECT_EQ(lists_of("live/third"), lists_of("$SCRATCH/from"));
}

TEST_P(ArchivePrograms, DpkgDebExtracts) {
  SKIP_WITHOUT("dpkg-deb");
  ok("mkdir -p $SCRATCH/p/DEBIAN $SCRATCH/p/usr/share/doc/p; cd $SCRATCH/p; "
     "printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: n <a@b.c>\\nDescription: "
     "d\\n' "
     "> DEBIAN/control; seq 1 5000 > usr/share/doc/p/numbers; ln -s numbers usr/share/doc/p/link; "
     "ln usr/share/doc/p/numbers usr/share/doc/p/hard; chmod 4755 usr/share/doc/p/hard; "
     "dpkg-deb --root-owner-group -b . $SCRATCH/p.deb > /dev/null; dpkg-deb -x $SCRATCH/p.deb "
     "$SCRATCH/native");
  commit("s", "dpkg-deb -x $SCRATCH/p.deb out");
  EXPECT_EQ(detailed_tree(at("live/out")), detailed_tree(scratch() / "native"));
}

TEST_P(ArchivePrograms, PythonsZipfileAndTempfile) {
  SKIP_WITHOUT("python3");
  ok("cat > $SCRATCH/t.py <<'END'\n"
     "import os, shutil, tempfile, zipfile\n"
     "here = os.getcwd()\n"
     "with tempfile.TemporaryFile(dir=here) as f:\n"
     "    f.write(b'x' * 100000); f.seek(0); assert len(f.read()) == 100000\n"
     "with tempfile.NamedTemporaryFile(dir=here) as f:\n"
     "    f.write(b'named'); f.flush(); assert open(f.name, 'rb').read() == b'named'\n"
     "with tempfile.TemporaryDirectory(dir=here) as d:\n"
     "    for i in range(50): open(os.path.join(d, str(i)), 'w').write(str(i))\n"
     "    with zipfile.ZipFile('all.zip', 'w', zipfile.ZIP_DEFLATED) as z:\n"
     "        for n in sorted(os.listdir(d)): z.write(os.path.join(d, n), n)\n"
     "with zipfile.ZipFile('all.zip', 'a') as z: z.writestr('more', 'more')\n"
     "with zipfile.ZipFile('all.zip') as z: assert z.testzip() is None; z.extractall('out')\n"
     "shutil.copytree('out', 'copy'); shutil.move('copy', 'moved'); shutil.copy2('all.zip', "
     "'b.zip')\n"
     "END");
  commit("s", "python3 $SCRATCH/t.py");
  EXPECT_EQ(ok("ls live; ls live/out | wc -l; diff -r live/out live/moved; cmp live/all.zip "
               "live/b.zip"),
            "all.zip\nb.zip\nmoved\nout\n51");
}

}  // namespace
}  // namespace commitfs::test
