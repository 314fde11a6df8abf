package kr.example.wallet.app

import android.view.View
import kotlinx.coroutines.CoroutineScope
import kr.example.wallet.android.CardTap
import kr.example.wallet.core.ErrorText
import kr.example.wallet.core.Language
import kr.example.wallet.core.WalletException
import kr.example.wallet.text

/** Which screen, and with what. The stack of places outlives the process as text. */
internal data class Place(
    val kind: Kind,
    val with: String? = null,
) {
    enum class Kind { HOME, TAP, SCAN, OFFER, COME_BACK, RESUME, RENEW, SHOW, HISTORY, LOST, REMOVE }

    /** Whether it can begin anew: not a browser's return or a renewal, nor a removal, which may be done. */
    val isRepeatable: Boolean
        get() = kind !in ONCE

    /** As text, for what outlives the process; nothing for the first screen, which is there anyway, and for a link that is worth an ID. */
    fun saved(): String? {
        val secret = kind == Kind.OFFER || (kind == Kind.SCAN && with != null)
        return listOfNotNull(kind.name, with).joinToString("\n").takeIf { isRepeatable && !secret && kind != Kind.HOME }
    }

    companion object {
        private val ONCE = setOf(Kind.COME_BACK, Kind.RENEW, Kind.REMOVE)

        fun restore(saved: String): Place? {
            val kind = Kind.entries.find { it.name == saved.substringBefore('\n') } ?: return null
            val with = saved.substringAfter('\n', "").ifEmpty { null }
            return Place(kind, with).takeIf { it.saved() == saved }
        }
    }
}

/** What a screen may ask of the app around it. */
internal interface Host {
    val blocks: Blocks
    val language: Language
    val phone: Phone
    val cards: CardTap

    /** Puts [place] on top. */
    fun go(place: Place)

    /** Puts [place] where this screen is. */
    fun instead(place: Place)

    /** Takes this screen away. */
    fun back()

    /** Back to the first screen, which looks again. */
    fun home()

    /** Whether the screen shines as brightly as it can. */
    fun shine(brightly: Boolean)

    /** Asks the citizen whether the camera may be used. */
    fun askForCamera()
}

/** One screen: its views, and what they show while [shown] runs. */
internal abstract class Screen(
    protected val host: Host,
) {
    protected val blocks: Blocks = host.blocks

    abstract val title: String
    abstract val view: View

    /** The screen is visible as long as [scope] lives. */
    abstract fun shown(scope: CoroutineScope)

    /** The screen is covered, left or in the background. */
    open fun hidden() {}

    protected fun text(
        id: Int,
        vararg values: Any,
    ): String = blocks.text(id, *values)

    protected fun words(trouble: WalletException): ErrorText = trouble.text(host.language)
}
