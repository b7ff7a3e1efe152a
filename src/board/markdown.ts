// Markdown of text summaries as HTML that is safe to show.

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** By the package markdown-it, which leaves HTML in the text alone; without it, texts are shown as they are. */
export async function markdown(): Promise<(text: string) => string> {
  try {
    const { default: MarkdownIt } = await import('markdown-it');
    const renderer = new MarkdownIt({ html: false, linkify: false });
    return (text) => renderer.render(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return (text) => `<pre>${escaped(text)}</pre>`;
  }
}
