import Core
import FoundationEssentials

/// One series as a line of values over time, with its anomalies marked; an SVG.
struct SeriesChart {
    /// Ascending by time.
    let times: [Int64]
    let values: [Double]
    let anomalies: Set<Int64>

    private static let width = 1100.0
    private static let height = 240.0
    private static let left = 62.0
    private static let bottom = 24.0
    private static let top = 12.0

    var svg: HTML {
        let finite = values.filter(\.isFinite)
        guard let first = times.first, let last = times.last, let low = finite.min(),
            let high = finite.max()
        else { return "<p class=\"muted\">This series has no closed window yet.</p>" }
        let scale = Scale(
            first: first,
            last: max(last, first + 1),
            low: low,
            high: high > low ? high : low + 1
        )
        return """
            <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img"
              aria-label="values over time with anomalies marked">
            \(gridLines(scale))
            <polyline fill="none" stroke="#3b82f6" stroke-width="1.6" points="\(points(scale))"/>
            \(marks(scale))
            \(timeLabels(scale))
            </svg>
            """
    }

    /// Maps values to the drawing.
    private struct Scale {
        let first: Int64
        let last: Int64
        let low: Double
        let high: Double

        func x(_ time: Int64) -> Double {
            left + Double(time - first) / Double(last - first) * (width - left - 14)
        }

        func y(_ value: Double) -> Double {
            height - bottom - (value - low) / (high - low) * (height - bottom - top)
        }
    }

    private func points(_ scale: Scale) -> String {
        zip(times, values).filter { $0.1.isFinite }
            .map { "\(Self.short(scale.x($0.0))),\(Self.short(scale.y($0.1)))" }
            .joined(separator: " ")
    }

    private func marks(_ scale: Scale) -> HTML {
        zip(times, values).filter { anomalies.contains($0.0) && $0.1.isFinite }.map { time, value in
            let label = "anomaly at \(Timestamp(microseconds: time)): \(value)"
            return """
                <circle cx="\(Self.short(scale.x(time)))" cy="\(Self.short(scale.y(value)))" r="4"
                  fill="#ef4444"><title>\(label)</title></circle>
                """
        }.joined()
    }

    private func gridLines(_ scale: Scale) -> HTML {
        (0...4).map { step -> HTML in
            let value = scale.low + (scale.high - scale.low) * Double(step) / 4
            let y = Self.short(scale.y(value))
            return """
                <line x1="\(Self.left)" x2="\(Self.width - 14)" y1="\(y)" y2="\(y)"
                  stroke="currentColor" stroke-opacity="0.12"/>
                <text x="\(Self.left - 8)" y="\(y)" text-anchor="end"
                  dominant-baseline="middle">\(Self.significant(value))</text>
                """
        }.joined()
    }

    private func timeLabels(_ scale: Scale) -> HTML {
        (0...4).map { step -> HTML in
            let time = scale.first + (scale.last - scale.first) * Int64(step) / 4
            let text = Timestamp(microseconds: time).description
            let label = "\(text.dropFirst(5).prefix(5)) \(text.dropFirst(11).prefix(8))"
            let anchor = step == 0 ? "start" : step == 4 ? "end" : "middle"
            return """
                <text x="\(Self.short(scale.x(time)))" y="\(Self.height - 7)"
                  text-anchor="\(anchor)">\(label)</text>
                """
        }.joined()
    }

    /// One decimal is enough for a position.
    private static func short(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    /// Four significant digits.
    private static func significant(_ value: Double) -> String {
        guard value != 0, value.isFinite else { return "0" }
        var scale = 1.0
        while abs(value) * scale < 1000, scale < 1e12 { scale *= 10 }
        while abs(value) * scale >= 10_000, scale > 1e-12 { scale /= 10 }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15
            ? String(Int64(rounded)) : String(rounded)
    }
}
