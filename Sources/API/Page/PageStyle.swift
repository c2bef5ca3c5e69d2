/// The page's style sheet; one file, no script, nothing from elsewhere.
enum PageStyle {
    static let css: HTML = """
        :root { color-scheme: light dark; --line: #d5dae1; --muted: #667085; --bad: #c62828;
          --warn: #b26a00; --good: #1b7f3b; --ink: #1d2939; --paper: #fff; --soft: #f5f7fa; }
        @media (prefers-color-scheme: dark) { :root { --line: #343b46; --muted: #98a2b3;
          --bad: #ff6b6b; --warn: #ffb454; --good: #5fd38d; --ink: #e6e9ee; --paper: #14181f;
          --soft: #1b212b; } }
        body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1180px;
          padding: 20px 24px 48px; color: var(--ink); background: var(--paper); }
        header { display: flex; align-items: baseline; gap: 16px; margin-bottom: 12px; }
        h1 { font-size: 20px; margin: 0; } h2 { font-size: 15px; margin: 28px 0 8px; }
        header span, .muted { color: var(--muted); }
        .tiles { display: grid; gap: 12px;
          grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
        .tile { background: var(--soft); border: 1px solid var(--line); border-radius: 8px;
          padding: 10px 14px; }
        .tile b { display: block; font-size: 21px; font-variant-numeric: tabular-nums; }
        table { border-collapse: collapse; width: 100%; }
        th { text-align: left; color: var(--muted); font-weight: 500; }
        th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
        .good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
        .problem { border: 1px solid var(--bad); color: var(--bad); border-radius: 8px;
          padding: 8px 14px; margin: 12px 0; }
        a { color: inherit; } code { font-size: 13px; }
        svg { width: 100%; height: auto; background: var(--soft); border-radius: 8px;
          border: 1px solid var(--line); }
        svg text { fill: var(--muted); font: 11px system-ui, sans-serif; }
        form { margin: 0 0 8px; } select, input, button { font: inherit; padding: 3px 6px; }
        """
}
