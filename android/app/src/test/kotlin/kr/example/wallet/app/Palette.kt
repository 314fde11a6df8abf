package kr.example.wallet.app

/** At most 256 [colours] for a picture: the flat ones of the screen as they are, those of a photo by the median cut. */
internal class Palette private constructor(
    val colours: IntArray,
) {
    private val places = HashMap<Int, Int>()

    /** Which of them comes nearest. */
    fun place(colour: Int): Int = places.getOrPut(colour) { colours.indices.minBy { distance(colours[it], colour) } }

    /** Colours of a picture that one stands for, with how often each occurs. */
    private class Box(
        val counts: List<Pair<Int, Int>>,
    ) {
        private val widest = CHANNELS.maxBy { range(it) }
        val spread: Long = range(widest) * counts.sumOf { it.second.toLong() }

        private fun range(shift: Int): Int = counts.maxOf { channel(it.first, shift) } - counts.minOf { channel(it.first, shift) }

        /** In two, at the middle of what is counted. */
        fun halves(): List<Box> {
            val sorted = counts.sortedBy { channel(it.first, widest) }
            val half = sorted.sumOf { it.second } / 2
            var before = 0
            val cut = sorted.indexOfFirst { (_, count) -> (before + count > half).also { before += count } }.coerceIn(1, sorted.size - 1)
            return listOf(Box(sorted.take(cut)), Box(sorted.drop(cut)))
        }

        fun mean(): Int {
            val all = counts.sumOf { it.second.toLong() }
            return CHANNELS.fold(OPAQUE) { colour, shift ->
                val mean = counts.sumOf { channel(it.first, shift).toLong() * it.second } / all
                colour or (mean.toInt() shl shift)
            }
        }
    }

    companion object {
        private const val MOST = 256
        private const val FLAT = 96
        private const val OPAQUE = 0xFF shl 24
        private val CHANNELS = listOf(16, 8, 0)

        fun of(pixels: IntArray): Palette {
            val counts =
                pixels
                    .toList()
                    .groupingBy { it or OPAQUE }
                    .eachCount()
                    .toList()
                    .sortedByDescending { it.second }
            if (counts.size <= MOST) return Palette(counts.map { it.first }.toIntArray())
            var boxes = listOf(Box(counts.drop(FLAT)))
            while (boxes.size < MOST - FLAT) {
                val next = boxes.filter { it.counts.size > 1 }.maxByOrNull { it.spread } ?: break
                boxes = boxes - next + next.halves()
            }
            return Palette((counts.take(FLAT).map { it.first } + boxes.map { it.mean() }).toIntArray())
        }

        private fun channel(
            colour: Int,
            shift: Int,
        ) = colour shr shift and 0xFF

        private fun distance(
            one: Int,
            other: Int,
        ) = CHANNELS.sumOf { shift -> (channel(one, shift) - channel(other, shift)).let { it * it } }
    }
}
