//! Random types, declarations, blocks and settings.

use super::Writer;

impl Writer {
    fn ty(&mut self, depth: u64) {
        match self.below(8) {
            0 => self.put("\"free\"|\"pro\"  | \"x y\""),
            1 => self.put("( \"a\" | \"b\" )?"),
            2 => self.put("int( 1..50 )"),
            3 => self.put("string(re\"[a-z]+\")?"),
            4 | 5 if depth > 0 => {
                self.put("list<");
                self.ty(depth - 1);
                self.put(">(1..9)");
            }
            6 if depth > 0 => {
                self.put("((");
                self.ty(depth - 1);
                self.put(" ))");
            }
            _ => self.put("uuid"),
        }
    }

    fn field(&mut self, name: &str) {
        self.put(name);
        self.put(":");
        self.gap();
        self.ty(2);
        if self.chance(5) {
            self.put("  from \"w w\"");
        }
        if self.chance(3) {
            self.put(" =  ");
            self.unit(0);
        }
        if self.chance(5) {
            self.put("\tas other");
        }
    }

    fn condition(&mut self) {
        self.put("when ");
        self.value(2);
    }

    pub(super) fn declaration(&mut self, depth: u64) {
        match self.below(if depth == 3 { 12 } else { 5 }) {
            0 => self.put("import   \"a/*.gw\"  as  b"),
            1 if depth > 0 => {
                self.put("group");
                if self.chance(2) {
                    self.put("  /a/{b: int}");
                }
                self.gap();
                if self.chance(3) {
                    self.condition();
                    self.gap();
                }
                self.block(depth - 1, true);
            }
            2 if depth > 0 => {
                self.put("host  {t: Slug}.a.com ,b.com  ");
                if self.chance(3) {
                    self.condition();
                    self.gap();
                }
                self.block(depth - 1, true);
            }
            5 => {
                self.put("gateway  g ");
                self.block(0, false);
            }
            6 => {
                self.put("upstream json ");
                self.block(0, false);
            }
            7 => {
                self.put("param ");
                self.put("p: ");
                self.ty(2);
                self.put(" =");
                self.gap();
                self.value(2);
            }
            8 => self.put("secret \t s"),
            9 => self.type_declaration(),
            10 => {
                self.put("type E  =  ");
                self.ty(2);
            }
            11 => {
                self.put("policy p");
                let mut number = 0;
                self.items("(", ")", 1, |writer| {
                    number += 1;
                    writer.field(&format!("f{number}"));
                });
                self.gap();
                self.block(0, false);
            }
            _ => self.route(),
        }
    }

    fn type_declaration(&mut self) {
        self.put("type T  open {");
        for number in 0..self.below(4) {
            if number == 0 || self.chance(2) {
                self.line_end();
            } else {
                self.put(" , ");
            }
            self.field(&format!("f{number}"));
        }
        self.line_end();
        self.put("}");
    }

    fn route(&mut self) {
        self.put("route  GET , POST  /a/{b}/c ");
        if self.chance(3) {
            if self.chance(2) {
                self.line_end();
                self.put("  ");
            }
            self.condition();
            self.put(" ");
        }
        if self.chance(4) {
            self.line_end();
            self.put("   ");
        }
        match self.below(5) {
            0 => self.put("->  app   /x/{a.b}/{c}"),
            1 => {
                self.put("respond  200  json ");
                if self.chance(2) {
                    // Not every literal is JSON; what a method gives is not known here.
                    self.put("a.method");
                    self.items("(", ")", 0, |writer| writer.value(2));
                } else {
                    self.put("[ k , { l } ]");
                }
            }
            2 => self.put("respond 200 text \"a {b}\""),
            3 => self.put("redirect  301  \"/x/{a}\""),
            _ => self.put("redirect  308  \"https://x.example/{a}\"   query"),
        }
        if self.chance(2) {
            self.gap();
            self.block(0, false);
        }
    }

    fn block(&mut self, depth: u64, nests: bool) {
        self.put("{");
        let is_line = self.chance(3);
        let count = self.below(4);
        for index in 0..count {
            if !is_line {
                self.line_end();
                self.docs();
            } else if index > 0 {
                self.put(" ;");
            }
            // All statements of a block are indented alike.
            self.put(" ");
            if nests && self.chance(2) {
                self.declaration(depth);
            } else {
                self.statement();
            }
        }
        if is_line {
            self.put(" ");
        } else {
            self.line_end();
        }
        self.put("}");
    }

    fn statement(&mut self) {
        if self.chance(6) {
            self.put("use  p");
            if self.chance(2) {
                self.items("(", ")", 0, |writer| writer.value(2));
            }
            return;
        }
        self.put("word");
        if self.chance(5) {
            self.put(" if");
        }
        for _ in 0..self.below(4) {
            self.gap();
            match self.below(6) {
                0 => self.field("q"),
                1 => {
                    self.put("\"x\"  = ");
                    self.value(2);
                }
                2 => self.put("json { a: 1 }"),
                3 => self.put("a ,b, c"),
                _ => self.value(2),
            }
        }
        if self.chance(5) {
            self.gap();
            self.put("else 404");
        }
        // Behind `json` a brace is a record.
        if self.chance(6) && !self.out.ends_with("json") {
            self.put(" { inner 1 }");
        }
    }
}
