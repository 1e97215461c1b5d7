// Programs of those who write programs work in a session.
#include "tests/mounted/programs.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

constexpr auto kLong = std::chrono::seconds(120);

class DeveloperPrograms : public ProgramTest {
 protected:
  void make_repository() {
    ok("git config --global user.email a@b.c; git config --global user.name n; "
       "git config --global init.defaultBranch main; git config --global safe.directory '*'; "
       "git init -q $SCRATCH/origin; cd $SCRATCH/origin; "
       "for i in $(seq 60); do mkdir -p d$((i % 7)); seq $i 300 > d$((i % 7))/$i; done; "
       "chmod 755 d1/1; ln -s d1/1 link; git add .; git commit -qm first; git branch topic; "
       "for i in $(seq 5); do echo $i >> d1/1; git commit -qam $i; done; "
       "git switch -q topic; echo t > t; git add t; git commit -qm topic; git switch -q main");
  }
  /// A program of several files, with headers that its objects depend on.
  void make_sources() {
    ok("mkdir $SCRATCH/src; cd $SCRATCH/src; echo 'int answer();' > answer.h; "
       "echo '#include \"answer.h\"' > answer.cc; echo 'int answer() { return 41; }' >> answer.cc; "
       "printf '#include \"answer.h\"\\nextern \"C\" int printf(const char*, ...);\\n"
       "int main() { printf(\"%%d\\\\n\", answer()); }\\n' > main.cc; "
       "printf 'program: main.o answer.o\\n\\tg++ -o $@ $^\\n%%.o: %%.cc answer.h\\n\\tg++ -c -o "
       "$@ "
       "$<\\n' > Makefile; "
       "printf 'rule cc\\n  command = g++ -MD -MF $out.d -c -o $out $in\\n  depfile = $out.d\\n  "
       "deps = gcc\\nrule ld\\n  command = g++ -o $out $in\\nbuild main.o: cc main.cc\\nbuild "
       "answer.o: cc answer.cc\\nbuild program: ld main.o answer.o\\n' > build.ninja");
  }
  /// Builds, builds nothing more, changes one file, and builds that.
  void expect_build(const std::string& tool, const std::string& nothing_to_do) {
    make_sources();
    session("s", "cp $SCRATCH/src/* .");
    ok("cd sessions/s; " + tool, kLong);
    EXPECT_EQ(ok("sessions/s/program"), "41");
    EXPECT_THAT(ok("cd sessions/s; " + tool), HasSubstr(nothing_to_do));
    ok("mv sessions/s commit/");
    session("t", "");
    // The times of what was committed still say what is up to date.
    EXPECT_THAT(ok("cd sessions/t; " + tool), HasSubstr(nothing_to_do));
    EXPECT_THAT(ok("cd sessions/t; sed -i s/41/42/ answer.cc; " + tool, kLong),
                ::testing::Not(HasSubstr("main.cc")));
    EXPECT_EQ(ok("mv sessions/t commit/; live/program"), "42");
  }
};
INSTANTIATE_IN_BOTH_MODES(DeveloperPrograms);

TEST_P(DeveloperPrograms, GitClonesCollectsSwitchesAndHasWorktrees) {
  SKIP_WITHOUT("git");
  make_repository();
  session("s", "");
  ok("cd sessions/s; git clone -q $SCRATCH/origin clone; cd clone; git switch -q topic; git switch "
     "-q main; git worktree add -q ../work topic; echo w >> ../work/t; git -C ../work commit -qam "
     "w; "
     "git gc -q --prune=now; git fsck --strict; git merge -q --no-edit topic; git status "
     "--porcelain",
     kLong);
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("cat live/clone/t"), "t\nw");
  session("t", "");
  // A worktree names its repository by an absolute path, which `worktree repair` sets right.
  EXPECT_EQ(ok("cd sessions/t/clone; git worktree repair ../work; git status --porcelain; git -C "
               "../work status --porcelain; git clone -q . ../second; git -C ../second fsck; "
               "git worktree remove ../work; git log --oneline | wc -l",
               kLong),
            "9");
  ok("mv sessions/t commit/");
}

TEST_P(DeveloperPrograms, MakeBuildsWhatChanged) {
  SKIP_WITHOUT("make");
  SKIP_WITHOUT("g++");
  expect_build("make", "up to date");
}

TEST_P(DeveloperPrograms, NinjaBuildsWhatChanged) {
  SKIP_WITHOUT("ninja");
  SKIP_WITHOUT("g++");
  expect_build("ninja -v", "no work to do");
}

TEST_P(DeveloperPrograms, VimSavesInEveryWay) {
  SKIP_WITHOUT("vim");
  commit("base",
         "echo one > f; chmod 640 f; setfattr -n user.a -v b f; ln f linked; echo x > alone");
  for (const std::string way : {"yes", "no", "auto"}) {
    session(way, "");
    ok("cd sessions/" + way +
       "; for f in f alone; do vim -u NONE -N -es -c 'set backup writebackup backupskip= "
       "backupcopy=" +
       way + " undofile' -c '%s/^/" + way + " /' -c wq $f < /dev/null; done");
    EXPECT_EQ(ok("cd sessions/" + way + "; cat f alone; stat -c %a f; cat f~"),
              way + " one\n" + way + " x\n640\none");
    ok("mv sessions/" + way + " discard/");
  }
}

TEST_P(DeveloperPrograms, JavaMovesMapsLocksAndWatches) {
  SKIP_WITHOUT("java");
  ok("cat > $SCRATCH/T.java <<'END'\n"
     "import java.nio.*; import java.nio.channels.*; import java.nio.file.*;\n"
     "import java.nio.file.attribute.*; import static java.nio.file.StandardOpenOption.*;\n"
     "public class T { public static void main(String[] a) throws Exception {\n"
     "  Path d = Path.of(\"\").toAbsolutePath(), f = d.resolve(\"f\");\n"
     "  Files.writeString(f, \"hello\", CREATE_NEW);\n"
     "  Path t = Files.createTempFile(d, \"t\", null); Files.writeString(t, \"other\");\n"
     "  Files.move(t, f, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);\n"
     "  try (FileChannel c = FileChannel.open(f, READ, WRITE); FileLock l = c.lock()) {\n"
     "    MappedByteBuffer m = c.map(FileChannel.MapMode.READ_WRITE, 0, 8192);\n"
     "    m.put(5000, (byte) 'x'); m.force(); c.write(ByteBuffer.wrap(\"OT\".getBytes()), 0);\n"
     "    c.force(true); c.transferTo(0, 100, FileChannel.open(d.resolve(\"g\"), CREATE, WRITE)); "
     "}\n"
     "  Files.copy(f, d.resolve(\"h\"), StandardCopyOption.COPY_ATTRIBUTES);\n"
     "  Files.createLink(d.resolve(\"k\"), f); Files.createSymbolicLink(d.resolve(\"l\"), f);\n"
     "  Files.setPosixFilePermissions(f, PosixFilePermissions.fromString(\"rw-r-----\"));\n"
     "  Files.setAttribute(f, \"user:tag\", ByteBuffer.wrap(\"v\".getBytes()));\n"
     "  if (Files.mismatch(f, d.resolve(\"h\")) != -1) throw new Exception(\"copy differs\");\n"
     "  if (!Files.isSameFile(f, d.resolve(\"k\"))) throw new Exception(\"link differs\");\n"
     "  System.out.println(Files.size(f) + \" \" + Files.list(d).count());\n"
     "} }\nEND");
  session("s", "");
  EXPECT_EQ(ok("cd sessions/s; java $SCRATCH/T.java", kLong), "8192 5");
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("head -c 5 live/f; stat -c ' %a %s %h' live/f; getfattr --only-values -n user.tag "
               "live/f"),
            "OTher 640 8192 2\nv");
}

}  // namespace
}  // namespace commitfs::test
